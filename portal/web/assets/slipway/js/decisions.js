// Deciding by keyboard: a to Approve, r to Reject, j and k through the queue. Nothing is decided by one key alone.
(() => {
  "use strict";
  let going = 0;
  const one = (selector) => document.querySelector(selector);

  function approve() {
    const button = one('[data-act="a"]');
    if (!button) return false;
    const password = button.form.elements.password;
    if (button.disabled) (one("#not-yet") ?? one("#altered") ?? one("#in-the-way"))?.focus();
    else (password && !password.value ? password : button).focus();
    return true;
  }
  function reject() {
    const summary = one('[data-act="r"]');
    if (!summary) return false;
    const menu = summary.closest("details");
    menu.open = true;
    menu.querySelector("textarea").focus();
    return true;
  }
  function step(by) {
    const rows = [...document.querySelectorAll("[data-rows] [data-row]")];
    if (!rows.length) {
      const link = one(`[data-step="${by}"]`);
      link?.click();
      return Boolean(link);
    }
    const at = rows.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1);
    rows[next].focus();
    rows[next].scrollIntoView({ block: "nearest" });
    return true;
  }
  const keys = { a: approve, r: reject, j: () => step(1), k: () => step(-1) };

  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.target.closest("input:not([type='checkbox']), textarea, select, [contenteditable]")) return;
    if (event.key === "g") { going = Date.now(); return; }
    const elsewhere = Date.now() - going < 1200; // g and then a letter goes to another page
    going = 0;
    if (!elsewhere && keys[event.key]?.()) event.preventDefault();
  });
})();
