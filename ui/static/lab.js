"use strict";
// Tells the server which theme figures should have, keeps what is looked at in the address, so that
// a reload shows it again, and follows the links among items without loading the page anew.
(() => {
  const asked = new URLSearchParams(location.search).get("__theme");
  const dark = asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.cookie = `camelid_theme=${dark ? "dark" : "light"}; path=/lab; samesite=lax`;

  const isShown = (element) => element.getClientRects().length > 0;
  new MutationObserver(() => {
    const link = [...document.querySelectorAll(".address a")].find(isShown);
    if (!link) return;
    const url = new URL(link.href);
    if (asked) url.searchParams.set("__theme", asked);
    if (url.origin === location.origin && url.href !== location.href) {
      history.replaceState(history.state, "", url);
    }
  }).observe(document, { subtree: true, childList: true, attributeFilter: ["href"] });

  // Gradio opens every link in a tab of its own; our own pages stay in this one.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[target="_blank"]');
    if (link?.matches('[href^="/lab/?"], [href^="/admin/?"], [href="/lab/"], [href="/admin/"], [href="/logout"]')) {
      link.removeAttribute("target");
    }
  }, true);

  const visit = () => {
    const field = document.querySelector("#items-where :is(input, textarea)");
    if (!field) return false;
    field.value = location.search;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true, cancelable: true }));
    return true;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#items-body a.go");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const before = location.href;
    history.pushState(null, "", link.href);
    if (!visit()) {
      history.replaceState(null, "", before);
      return;
    }
    event.preventDefault();
    scrollTo(0, 0);
  }, true);
  addEventListener("popstate", () => visit() || location.reload());
})();
