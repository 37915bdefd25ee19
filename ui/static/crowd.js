// Comfort for the annotators' page; nothing here is needed for a vote to be safe.
// Each question is one radio group for keyboards and screen readers, the status line is spoken,
// Ctrl+Enter saves, 1 / 2 / 3 answer the question that has the focus, a new pair starts at its top.
"use strict";

(() => {
  const QUESTIONS = ["helpful", "honest", "harmless"];

  function markQuestion(name) {
    const set = document.getElementById(`vote-${name}`);
    if (!set) return;
    const title = set.querySelector('[data-testid="block-info"]');
    const choices = set.querySelector(".wrap:last-of-type");
    if (!title || !choices) return;
    title.id = `title-${name}`;
    choices.setAttribute("role", "radiogroup");
    choices.setAttribute("aria-labelledby", title.id);
    for (const input of set.querySelectorAll('input[type="radio"]')) {
      if (input.name !== `vote-${name}`) input.name = `vote-${name}`;
    }
  }

  function markPage() {
    QUESTIONS.forEach(markQuestion);
    const status = document.getElementById("status");
    if (status && !status.hasAttribute("role")) status.setAttribute("role", "status");
    const language = document.getElementById("language");
    if (language) {
      // The button names the other language.
      const locale = language.textContent.trim() === "English" ? "zh" : "en";
      if (document.documentElement.lang !== locale) document.documentElement.lang = locale;
    }
  }

  let shown = "";
  function startAtTop() {
    const item = document.querySelector("#item .item");
    const text = item ? item.textContent : "";
    if (text && text !== shown) {
      window.scrollTo({ top: 0, behavior: "instant" });
      shown = text;
    }
  }

  // The answers take what height the instruction above and the questions below leave.
  function fitAnswers() {
    const body = document.querySelector(".response .body");
    const foot = document.getElementById("foot");
    if (!body || !foot) return;
    const top = body.getBoundingClientRect().top + window.scrollY;
    const height = `${Math.floor(window.innerHeight - foot.offsetHeight - top - 12)}px`;
    const style = document.documentElement.style;
    if (style.getPropertyValue("--answer-height") !== height) {
      style.setProperty("--answer-height", height);
    }
  }

  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      markPage();
      startAtTop();
      fitAnswers();
    });
  }).observe(document.documentElement, { childList: true, subtree: true, characterData: true });

  window.addEventListener("resize", fitAnswers);

  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.isComposing || event.altKey) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const save = document.getElementById("save");
      if (save && !save.disabled) save.click();
      return;
    }
    if (event.ctrlKey || event.metaKey || !"123".includes(event.key)) return;
    const set = event.target.closest ? event.target.closest('fieldset[id^="vote-"]') : null;
    const choice = set && set.querySelectorAll('input[type="radio"]')[Number(event.key) - 1];
    if (choice) choice.click();
  });
})();
