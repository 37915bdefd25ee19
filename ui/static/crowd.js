// Comfort for the annotators' page; nothing here is needed for a vote to be safe.
// Each question is one radio group for keyboards and screen readers, the status line is spoken,
// Ctrl+Enter saves, 1 / 2 / 3 answer the question that has the focus, a new pair starts at its top,
// and a save that did not reach the server is said to have failed.
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
    const bar = document.querySelector(".progress progress");
    if (bar && bar.getAttribute("aria-label") !== find("spoken")) {
      bar.setAttribute("aria-label", find("spoken"));
    }
    const language = document.getElementById("language");
    if (language) {
      // The button names the other language.
      const locale = language.textContent.trim() === "English" ? "zh" : "en";
      if (document.documentElement.lang !== locale) document.documentElement.lang = locale;
    }
  }

  let shown = "";
  function startAtTop() {
    const ticket = document.querySelector("#ticket textarea");
    const lease = ticket ? ticket.value.split(".")[0] : "";
    if (lease && lease !== shown) {
      window.scrollTo({ top: 0, behavior: "instant" });
      shown = lease;
      setTimeout(restoreDraft, 100); // after the questions have been drawn for this pair
    }
  }

  function find(name) {
    const words = document.querySelector(`.progress .${name}`);
    return words ? words.textContent : "";
  }

  // An old "Saved" must not stand beside a save that failed: it is hidden while the server is asked,
  // and what goes wrong on the way there is said in its place.
  function say(words) {
    const foot = document.getElementById("foot");
    if (!foot) return;
    foot.classList.toggle("waiting", words === null);
    let notice = document.getElementById("notice");
    if (!notice) {
      notice = document.createElement("p");
      notice.id = "notice";
      notice.setAttribute("role", "alert");
      foot.append(notice);
    }
    notice.textContent = words || "";
    foot.classList.toggle("failed", Boolean(words));
  }

  const ask = window.fetch.bind(window);
  window.fetch = async (target, options) => {
    const url = String(target instanceof Request ? target.url : target);
    if (!url.includes("/gradio_api/run/")) return ask(target, options);
    say(null);
    try {
      const answer = await ask(target, options);
      say(answer.ok ? "" : find(answer.status === 401 ? "gone" : "lost"));
      return answer;
    } catch (error) {
      say(find("lost"));
      throw error;
    }
  };

  // When the server was away, Gradio reloads the page: what was chosen for this pair and not yet
  // saved is kept in the tab until then.
  function keepDraft() {
    const choices = QUESTIONS.map((name) => {
      const input = document.querySelector(`#vote-${name} input:checked`);
      return input ? input.value : null;
    });
    const box = document.querySelector("#comment textarea");
    const draft = { lease: shown, choices, comment: box ? box.value : "" };
    sessionStorage.setItem("draft", JSON.stringify(draft));
  }

  function restoreDraft() {
    const draft = JSON.parse(sessionStorage.getItem("draft") || "null");
    if (!draft || draft.lease !== shown) return;
    if (document.querySelector("#questions input:checked")) return;
    QUESTIONS.forEach((name, place) => {
      const value = draft.choices[place];
      const input = value && document.querySelector(`#vote-${name} input[value="${value}"]`);
      if (input) input.click();
    });
    const box = document.querySelector("#comment textarea");
    if (box && draft.comment && !box.value) {
      box.value = draft.comment;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  for (const kind of ["change", "input"]) {
    document.addEventListener(kind, (event) => {
      if (event.isTrusted && event.target.closest && event.target.closest("#foot")) keepDraft();
    });
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
