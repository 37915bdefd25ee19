"use strict";
// Tells the server which theme figures should have, keeps what is looked at in the address, so that
// a reload shows it again, follows the links among items and among judgments without loading the
// page anew, and gives the chat its keys, its copy buttons, and the end of what is being said in view.
(() => {
  const asked = new URLSearchParams(location.search).get("__theme");
  const dark = asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  for (const site of ["/lab", "/admin"]) {
    document.cookie = `camelid_theme=${dark ? "dark" : "light"}; path=${site}; samesite=lax`;
  }

  const isShown = (element) => element.getClientRects().length > 0;
  // Whatever changes in one frame is looked at once: an answer that streams changes all the time.
  const watch = (look, options) => {
    let waits = false;
    new MutationObserver(() => {
      if (waits) return;
      waits = true;
      requestAnimationFrame(() => { waits = false; look(); });
    }).observe(document, { subtree: true, childList: true, ...options });
  };
  watch(() => {
    const link = [...document.querySelectorAll(".address a")].find(isShown);
    if (!link) return;
    const url = new URL(link.href);
    if (asked) url.searchParams.set("__theme", asked);
    if (url.origin === location.origin && url.href !== location.href) {
      history.replaceState(history.state, "", url);
    }
  }, { attributeFilter: ["href"] });

  // Gradio opens every link in a tab of its own; our own pages stay in this one.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[target="_blank"]');
    if (link?.matches('[href^="/lab/?"], [href^="/admin/?"], [href="/lab/"], [href="/admin/"], [href="/logout"]')) {
      link.removeAttribute("target");
    }
  }, true);

  // What has links inside also has a hidden field, which takes the address that one leads to.
  const fields = {
    "items/": "items-where", "judge/judgments": "judgments-where", "judge/agreement": "agreement-where",
    "training/": "training-where",
  };
  const visit = () => {
    const query = new URLSearchParams(location.search);
    const where = document.getElementById(fields[`${query.get("tab")}/${query.get("view") ?? ""}`]);
    const field = where?.querySelector("input, textarea");
    if (!field || !isShown(where.closest('[role="tabpanel"]'))) return false;
    field.value = location.search;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true, cancelable: true }));
    return true;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(":is(#items-body, #judgments-body, #agreement-body, #training-jobs) a.go");
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

  // The chat's box: Enter sends, Shift+Enter is a new line; while an input method composes, neither.
  const isBox = (event) => event.key === "Enter" && event.target.closest?.("#chat-box textarea");
  document.addEventListener("keydown", (event) => {
    if (!isBox(event) || event.isComposing || event.keyCode === 229) return;
    if (event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const send = document.getElementById("chat-send");
    if (send && isShown(send) && !event.repeat) send.click();
  }, true);
  document.addEventListener("keypress", (event) => {
    if (isBox(event)) event.stopPropagation(); // Gradio would take Shift+Enter for sending
  }, true);

  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = document.body.appendChild(document.createElement("textarea")); // without TLS
    field.value = text;
    field.select();
    document.execCommand("copy");
    field.remove();
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button.copy");
    const text = button?.closest(".reply")?.querySelector(".plain")?.textContent;
    if (text === undefined) return;
    await copy(text);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  // Whoever is at the end of the page stays there while it grows; whoever reads above is left alone.
  let follows = true;
  const end = () => document.documentElement.scrollHeight - innerHeight;
  addEventListener("scroll", () => { follows = scrollY > end() - 150; }, { passive: true });
  watch(() => {
    const speaks = document.querySelector("#chat-live :is(.speaking, .wait)");
    if (follows && speaks && isShown(speaks)) scrollTo(0, end());
  }, { characterData: true });
})();
