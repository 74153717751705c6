// Small conveniences. Every page works without this file.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");

  // Theme: the form posts and reloads; with a script the choice is applied in place, so that nothing typed is lost.
  const order = { auto: "light", light: "dark", dark: "auto" };
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-theme-form]");
    if (!form) return;
    event.preventDefault();
    const field = form.elements.theme;
    const chosen = field.value;
    if (chosen === "auto") root.removeAttribute("data-bs-theme");
    else root.setAttribute("data-bs-theme", chosen);
    fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Requested-With": "fetch" } });
    field.value = order[chosen];
    form.querySelector("button").setAttribute("aria-label", `Theme: ${chosen}. Change to ${order[chosen]}`);
    form.querySelector("button").title = `Theme: ${chosen}`;
    form.querySelectorAll("[data-theme-icon]").forEach((icon) => { icon.hidden = icon.dataset.themeIcon !== chosen; });
  });

  // Copy buttons
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    event.preventDefault();
    await navigator.clipboard.writeText(button.dataset.copy);
    button.dataset.done = "";
    announce("Copied");
    setTimeout(() => delete button.dataset.done, 1500);
  });

  // Notices stay until read, in the flow of the page: nothing lies over anything, nothing jumps
  document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".notice")?.remove());

  // Dialogs: a button opens one, a click beside it closes it
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    else if (event.target.matches("dialog[open]")) event.target.close();
  });

  // Menus close on Escape and on a click elsewhere
  const closeMenus = (except) => document.querySelectorAll("details.menu[open]").forEach((menu) => menu !== except && (menu.open = false));
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  const leaveMenu = () => {
    const left = document.activeElement?.closest("details.menu[open]");
    closeMenus();
    left?.querySelector("summary").focus();
  };

  // A pressed button answers at once; a second click does nothing
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.matches("[data-theme-form], [data-quiet]")) return;
    const button = event.submitter;
    if (!button) return;
    if (event.target.dataset.sent) return event.preventDefault();
    event.target.dataset.sent = "yes";
    button.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
    document.querySelectorAll(".btn[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  });

  // Selects marked so apply at once
  document.addEventListener("change", (event) => event.target.closest("[data-submit-on-change]")?.form.requestSubmit());

  // Keyboard: / searches, ? explains, g then a letter goes
  const places = Object.fromEntries([...document.querySelectorAll(".side [data-key]")].map((link) => [link.dataset.key, link.href]));
  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return leaveMenu();
    if (event.metaKey || event.ctrlKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "/") { event.preventDefault(); document.getElementById("search")?.focus(); return; }
    if (event.key === "?") { closeMenus(); document.getElementById("keys")?.showModal(); return; }
    if (event.key === "g") { going = Date.now(); return; }
    if (Date.now() - going < 1200 && places[event.key]) location.assign(places[event.key]);
    going = 0;
  });

  // On a narrow screen the open tab may stand beyond the edge
  document.querySelectorAll(".tabs [aria-current]").forEach((tab) => { tab.closest(".tabs").scrollLeft = tab.offsetLeft - 60; });

  // Relative times keep up; the exact time stays in the title
  const units = [[60, "s"], [60, "min"], [24, "h"], [Infinity, "d"]];
  const span = (seconds) => {
    if (seconds < 60) return "moments";
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
    if (days >= 2) return days < 7 && hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
    if (hours >= 1) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    return `${minutes} min`;
  };
  const tick = () => document.querySelectorAll("time[data-relative]").forEach((time) => {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    const text = time.dataset.relative === "for" ? span(Math.abs(seconds)) : seconds < 0 ? `in ${span(-seconds)}` : seconds < 60 ? "just now" : `${span(seconds)} ago`;
    if (time.textContent !== text) time.textContent = text;
  });
  setInterval(tick, 15000);
  document.addEventListener("htmx:afterSwap", tick);

  function announce(text) {
    const region = document.getElementById("announce");
    if (region) region.textContent = text;
  }
  window.slipway = { announce };
})();

// Signing in elsewhere renews the token that guards forms: send the present one
(() => {
  "use strict";
  const token = () => document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/)?.[1];
  document.addEventListener("submit", (event) => {
    const field = event.target.elements?.csrfmiddlewaretoken;
    if (field && token()) field.value = token();
  }, true);
  document.addEventListener("htmx:configRequest", (event) => {
    if (token()) event.detail.headers["X-CSRFToken"] = token();
  });
})();
