// Live parts: poll with an ETag, change only what differs, so that focus, selection and scroll survive.
(() => {
  "use strict";
  htmx.config.includeIndicatorStyles = false;
  htmx.config.allowEval = false;
  htmx.config.allowScriptTags = false;
  htmx.config.attributesToSettle = []; // a copied style attribute would be inline style
  htmx.config.defaultSettleDelay = 0;
  htmx.config.responseHandling = [
    { code: "204|304", swap: false },
    { code: "[23]..", swap: true },
    { code: "[45]..", swap: false, error: true },
  ];

  document.addEventListener("htmx:configRequest", (event) => {
    const etag = event.target.closest("[data-etag]")?.dataset.etag;
    if (etag && event.detail.verb === "get") event.detail.headers["If-None-Match"] = etag;
  });

  // A page that nobody looks at asks for nothing; within one interval of being looked at again it is up to date
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.requestConfig.triggeringEvent?.type === "hx:poll:trigger") event.preventDefault();
  });

  // A refusal is shown next to its cause: the nearest slot for problems
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, elt } = event.detail;
    if (xhr.status < 400) return;
    const slot = elt.closest("[data-problem-scope]")?.querySelector("[data-problem-slot]") ?? document.getElementById("problems");
    if (!slot) return;
    if (xhr.getResponseHeader("X-Slipway-Fragment")) {
      event.detail.target = slot;
      event.detail.shouldSwap = true;
      event.detail.swapOverride = "innerHTML";
    } else {
      slot.replaceChildren(plainNotice(`The portal answered ${xhr.status}. Reload the page; what you typed is still here.`));
    }
  });
  // The portal does not answer: a quiet bar says so, and goes when an answer comes
  const offline = document.getElementById("offline");
  document.addEventListener("htmx:sendError", (event) => {
    event.target.closest("[data-live]")?.setAttribute("data-stale", "");
    if (offline.hidden) window.slipway.announce(offline.textContent.trim());
    offline.hidden = false;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr.status === 0) return;
    offline.hidden = true;
    document.querySelectorAll("[data-stale]").forEach((part) => part.removeAttribute("data-stale"));
  });

  function plainNotice(text) {
    const box = document.createElement("div");
    box.className = "notice notice-wrong";
    box.setAttribute("role", "alert");
    const line = document.createElement("p");
    line.textContent = text;
    box.append(document.createElement("span"), line);
    return box;
  }

  // A lost session: say so and keep the page, with everything typed in it
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.xhr.getResponseHeader("X-Slipway-Signed-Out")) {
      event.preventDefault();
      const slot = document.getElementById("problems");
      const link = document.createElement("a");
      link.href = "/sign-in/?close=1";
      link.target = "_blank";
      link.textContent = "Sign in again in a new tab";
      const box = plainNotice("You have been signed out. Nothing you typed is lost: ");
      box.querySelector("p").append(link, ", then carry on here.");
      slot?.replaceChildren(box);
    }
  });

  // Morph: match children by id or data-key, else by place and name
  const keyOf = (node) => (node.nodeType === 1 ? node.id || node.dataset.key || "" : "");
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
  function morph(old, fresh, inner = true) {
    if (old.nodeType !== 1) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (old.isEqualNode(fresh) || (inner && old.hasAttribute("data-keep"))) return; // what is kept lives its own life
    const stays = old.nodeName === "DETAILS" ? ["open"] : [];
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !stays.includes(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value && !stays.includes(name)) old.setAttribute(name, value);
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(old.nodeName) && old.type !== "hidden") return; // what is typed belongs to the reader
    morphChildren(old, fresh);
  }
  function morphChildren(old, fresh) {
    let at = old.firstChild;
    for (const child of [...fresh.childNodes]) {
      let match = at;
      while (match && !alike(match, child)) match = match.nextSibling;
      if (match && match !== at && !keyOf(child)) match = null;
      if (!match) { old.insertBefore(child, at); continue; }
      if (match !== at) old.insertBefore(match, at); else at = at.nextSibling;
      morph(match, child);
    }
    while (at) { const next = at.nextSibling; at.remove(); at = next; }
  }
  const atEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  htmx.defineExtension("morph", {
    isInlineSwap: (style) => style === "morph",
    handleSwap: (style, target, fragment) => {
      if (style !== "morph") return false;
      const fresh = fragment.firstElementChild;
      const following = [...target.querySelectorAll("[data-follow]")].filter(atEnd);
      const was = target.querySelector("[data-headline]")?.textContent;
      if (keyOf(target) === keyOf(fresh)) {
        morph(target, fresh, false);
        htmx.process(target);
      } else target.replaceWith(fresh);
      following.forEach((log) => { log.scrollTop = log.scrollHeight; });
      const now = document.getElementById(target.id)?.querySelector("[data-headline]")?.textContent;
      if (now && now !== was) window.slipway.announce(now.trim());
      return [document.getElementById(fresh.id) ?? fresh];
    },
  });
  document.querySelectorAll("[data-follow]").forEach((log) => { log.scrollTop = log.scrollHeight; });
})();
