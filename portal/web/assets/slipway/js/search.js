// The field at the top: suggestions while typing, walked with the arrow keys. Enter without one opens the page.
(() => {
  "use strict";
  const field = document.getElementById("search");
  if (!field) return;
  const list = () => document.getElementById("suggestions");
  const options = () => [...list().querySelectorAll("[role=option]")];
  let at = -1;

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", "suggestions");
  field.setAttribute("aria-expanded", "false");

  function show(open) {
    list().hidden = !open;
    field.setAttribute("aria-expanded", String(open));
    if (!open) point(-1);
  }
  function point(index) {
    const all = options();
    at = all.length ? (index + all.length) % all.length : -1;
    if (index < 0) at = -1;
    all.forEach((option, each) => option.setAttribute("aria-selected", String(each === at)));
    if (at < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", all[at].id);
    all[at].scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.elt.id !== "suggestions" && event.target.id !== "suggestions") return;
    const wanted = field.value.trim() !== "" && document.activeElement === field;
    show(wanted);
    const count = options().length;
    if (wanted) window.slipway.announce(count === 1 ? "1 suggestion" : `${count} suggestions`);
  });
  field.addEventListener("input", () => field.value.trim() || show(false));
  field.addEventListener("focus", () => options().length && field.value.trim() && show(true));
  document.addEventListener("click", (event) => event.target.closest(".search") || show(false));
  field.form.addEventListener("focusout", (event) => field.form.contains(event.relatedTarget) || show(false));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      if (list().hidden) field.blur();
      else show(false);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!options().length) return;
      event.preventDefault();
      if (list().hidden) show(true);
      point(event.key === "ArrowDown" ? at + 1 : at <= 0 ? options().length - 1 : at - 1);
    } else if (event.key === "Enter" && at >= 0 && !list().hidden) {
      event.preventDefault();
      options()[at].click();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
})();
