"use strict";
// Tells the server which theme figures should have, and keeps what is chosen in the address, so that
// a reload shows it again.
(() => {
  const asked = new URLSearchParams(location.search).get("__theme");
  const dark = asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.cookie = `camelid_theme=${dark ? "dark" : "light"}; path=/lab; samesite=lax`;
  new MutationObserver(() => {
    const link = document.querySelector("#address a");
    if (!link) return;
    const url = new URL(link.href);
    if (asked) url.searchParams.set("__theme", asked);
    if (url.origin === location.origin && url.href !== location.href) {
      history.replaceState(history.state, "", url);
    }
  }).observe(document, { subtree: true, childList: true, attributeFilter: ["href"] });
})();
