// The request form: the same as without this file, only quicker to use.
(() => {
  "use strict";

  // Ctrl+Enter asks, from wherever one is
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
    const button = document.querySelector("[data-ask]");
    const elsewhere = event.target.closest("form");
    if (!button || (elsewhere && elsewhere !== button.form)) return;
    event.preventDefault();
    button.click();
  });

  const form = document.getElementById("ask");
  if (!form) return;

  // Another view, a ready fix, a reset: the form sends it along with all that is typed, and is changed in place
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-send]");
    if (!button) return;
    event.preventDefault();
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = button.name;
    field.value = button.value;
    form.append(field);
    button.setAttribute("aria-busy", "true");
    htmx.trigger(form, "send");
    field.remove();
  });
  document.addEventListener("htmx:afterRequest", () => document.querySelectorAll("[data-send][aria-busy]").forEach((each) => each.removeAttribute("aria-busy")));

  // A file is fetched, the page stays
  document.addEventListener("submit", (event) => {
    if (!event.submitter?.matches("[data-download]")) return;
    delete event.target.dataset.sent;
    event.submitter.removeAttribute("aria-busy");
  });

  // What has to be corrected leads to its field, and in YAML to its line
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-to]");
    const target = link && document.getElementById(link.dataset.to);
    if (!target) return;
    event.preventDefault();
    target.closest("details:not([open])")?.setAttribute("open", "");
    (target.matches("[tabindex='-1']") ? target.querySelector("input:checked, input") ?? target : target).focus();
    if (link.dataset.line && target.matches("textarea")) toLine(target, Number(link.dataset.line));
  });
  function toLine(area, line) {
    const lines = area.value.split("\n");
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
    area.scrollTop = Math.max(0, (line - 4) * lineHeight(area));
  }
  const lineHeight = (area) => parseFloat(getComputedStyle(area).lineHeight) || 20;

  // A whole image reference, typed where its repository is asked for, is taken apart as the portal does
  document.addEventListener("change", (event) => {
    if (!event.target.name?.endsWith("/repository")) return;
    const parts = event.target.value.trim().match(/^([^@\s]+?):([\w][\w.-]{0,127})$/);
    const tag = parts && form.elements[event.target.name.replace(/repository$/, "tag")];
    if (!tag || tag.value || parts[2].includes("/")) return;
    event.target.value = parts[1];
    tag.value = parts[2];
  }, true);

  // The numbers of the lines beside the YAML, and a mark where something is wrong
  function number() {
    const editor = form.querySelector("[data-yaml-editor]");
    if (!editor) return;
    const gutter = editor.firstElementChild, area = editor.querySelector("textarea");
    const wrong = new Map([...document.querySelectorAll("#e-yaml [data-error-line]")].map((each) => [Number(each.dataset.errorLine), each.dataset.meaning || "wrong"]));
    const count = area.value.split("\n").length;
    while (gutter.children.length > count) gutter.lastElementChild.remove();
    while (gutter.children.length < count) gutter.append(Object.assign(document.createElement("span"), { textContent: gutter.children.length + 1 }));
    [...gutter.children].forEach((each, at) => { each.className = wrong.has(at + 1) ? `line-${wrong.get(at + 1)}` : ""; });
    gutter.scrollTop = area.scrollTop;
  }
  document.addEventListener("input", (event) => { if (event.target.id === "yaml") number(); });
  document.addEventListener("scroll", (event) => {
    if (event.target.id === "yaml") event.target.previousElementSibling.scrollTop = event.target.scrollTop;
  }, true);

  // Finding one of many settings: by name, path or description
  let sought = "";
  function sift() {
    const box = document.querySelector("[data-filter]");
    if (!box) return;
    if (box.value !== sought && document.activeElement !== box) box.value = sought;
    const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (node) => words.every((word) => node.dataset.text.includes(word));
    let found = 0;
    const settings = [...form.querySelectorAll("#settings .field:not(.settings-filter)")].filter((each) => !each.querySelector(".field"));
    for (const each of settings) {
      const names = [...each.querySelectorAll("[name]")].map((input) => input.name).join(" ");
      each.dataset.text ??= `${each.textContent} ${names}`.toLowerCase();
      each.hidden = words.length > 0 && !has(each);
      if (!each.hidden) found += 1;
    }
    const groups = [...form.querySelectorAll("#settings fieldset, #settings details")].reverse();
    for (const group of groups) {
      const fields = [...group.querySelectorAll(".field")];
      if (!fields.length) continue;
      group.hidden = words.length > 0 && fields.every((each) => each.hidden);
      if (group.nodeName !== "DETAILS") continue;
      if (words.length && !group.hidden && !group.open) { group.open = true; group.dataset.sifted = ""; }
      if (!words.length && "sifted" in group.dataset) { group.open = false; delete group.dataset.sifted; }
    }
    document.getElementById("filter-found").textContent = words.length ? (found ? `${found} of ${settings.length}` : "No setting is called so, or described with these words.") : "";
  }
  for (const kind of ["input", "change", "search"]) {
    document.addEventListener(kind, (event) => {
      if (!event.target.matches("[data-filter]")) return;
      event.stopPropagation(); // not a value of the form
      sought = event.target.value;
      sift();
    }, true);
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.matches("[data-filter]")) event.preventDefault();
  });

  // Whoever cannot see it is told when the judgement is another one
  let told = "";
  function tell() {
    const said = document.querySelector("#preview [data-said]")?.textContent.replace(/\s+/g, " ").trim() ?? "";
    if (said && told && said !== told) window.slipway.announce(said);
    told = said;
  }

  // Going back brings back what was typed. Nothing is kept while a secret may be among it.
  const place = `draft:${location.pathname}${location.search}`;
  const ofSettings = new Set(["view", "tab", "carried", "kept", "yaml", "shown_version", "shown_plan"]);
  const passing = new Set(["csrfmiddlewaretoken", "key", "asked", "object"]);
  const inSettings = ([name]) => name.startsWith("/") || ofSettings.has(name);
  function keep() {
    const typed = [...new FormData(form)].filter(([name]) => !passing.has(name) && form.elements[name]?.type !== "password");
    if (document.querySelector("#preview[data-secret]")) sessionStorage.removeItem(place);
    else sessionStorage.setItem(place, JSON.stringify(typed));
  }
  function bringBack() {
    const how = performance.getEntriesByType("navigation")[0]?.type;
    const kept = sessionStorage.getItem(place);
    if (!kept || !["back_forward", "reload"].includes(how) || form.elements.asked) return;
    const typed = JSON.parse(kept);
    for (const [name, value] of typed.filter((each) => !inSettings(each))) {
      const field = form.elements[name];
      if (field) field.value = value;
    }
    const settings = document.getElementById("settings");
    settings.querySelectorAll("input, select, textarea").forEach((each) => { each.disabled = true; });
    for (const [name, value] of [...typed.filter(inSettings), ["redraw", "yes"]]) {
      settings.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    htmx.trigger(form, "send");
  }

  document.addEventListener("htmx:afterSettle", () => { number(); sift(); tell(); keep(); });
  addEventListener("pagehide", () => { if (form.elements.tab?.value !== "yaml") keep(); });
  number();
  addEventListener("load", bringBack);
})();
