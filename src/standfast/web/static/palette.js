// Going to a place by its name: a combobox over one list that the server gives (ARIA Authoring Practices,
// "Editable combobox with list autocomplete"). What is typed never leaves the page.
"use strict";

(function () {
  const dialog = document.getElementById("palette");
  if (!dialog) return; // nobody is signed in
  const field = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  const said = dialog.querySelector("[role=status]");
  const MOST = 60; // more than that nobody reads: one types another letter
  let known = "";
  let places = null;
  let leftOut = 0;
  let found = [];
  let at = -1;

  async function fill() {
    try {
      const answer = await fetch("/api/v1/directory", { credentials: "same-origin" });
      if (!answer.ok) throw new Error(answer.status);
      const text = await answer.text();
      if (text === known) return; // what somebody has chosen meanwhile stays chosen
      known = text;
      ({ places, left_out: leftOut } = JSON.parse(text));
      show();
    } catch { if (!places) said.textContent = "The list cannot be read now. Close this, and sign in again."; }
  }

  // The name's beginning counts more than its middle, and that more than what is said of it.
  function rank(place, words) {
    const name = place.name.toLowerCase();
    const all = [name, place.words, place.kind].join(" ").toLowerCase();
    if (!words.every((word) => all.includes(word))) return -1;
    if (!words.length || name === words.join(" ")) return 0;
    if (name.startsWith(words[0])) return 1;
    return words.every((word) => name.includes(word)) ? 2 : 3;
  }

  function show() {
    if (!places) return;
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = places.map((place) => [rank(place, words), place]).filter(([rank]) => rank >= 0)
      .sort(([one], [other]) => one - other).map(([, place]) => place);
    list.replaceChildren(...found.slice(0, MOST).map(option));
    list.hidden = !found.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    choose(found.length ? 0 : -1);
    said.textContent = told(words.length);
  }

  function told(asked) {
    if (!found.length) return "Nothing here is called that.";
    const more = found.length > MOST ? ", the first " + MOST + " are shown" : "";
    const beyond = leftOut ? "; " + leftOut + " of the file are not listed" : "";
    return asked ? found.length + " found" + more + beyond + "." : "Type a name, or a part of one" + beyond + ".";
  }

  function option(place, number) {
    const one = document.createElement("li");
    one.id = "place-" + number;
    one.setAttribute("role", "option");
    one.setAttribute("aria-selected", "false");
    for (const part of ["name", "words", "kind"]) {
      const span = document.createElement("span");
      span.className = part;
      span.textContent = place[part];
      if (place[part]) one.append(span, " ");
    }
    return one;
  }

  function choose(next) {
    for (const one of list.querySelectorAll("[aria-selected=true]")) one.setAttribute("aria-selected", "false");
    at = next;
    const one = list.children[at];
    if (!one) { field.removeAttribute("aria-activedescendant"); return; }
    one.setAttribute("aria-selected", "true");
    one.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", one.id);
  }

  function go(number) {
    if (!found[number]) return;
    dialog.close();
    location.href = found[number].path;
  }

  function open() {
    for (const other of document.querySelectorAll("dialog[open]")) other.close();
    field.value = "";
    show();
    dialog.showModal();
    field.focus();
    fill(); // each time anew: an incident may have begun meanwhile
  }

  field.addEventListener("input", show);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const many = list.children.length;
    if (event.key === "ArrowDown" && many) choose((at + 1) % many);
    else if (event.key === "ArrowUp" && many) choose((at + many - 1) % many);
    else if (event.key === "Enter") go(at);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const one = event.target.closest("[role=option]");
    if (one) go([...list.children].indexOf(one));
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); }); // beside it

  const button = document.getElementById("go");
  if (button) { button.hidden = false; button.addEventListener("click", open); }
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (dialog.open) dialog.close(); else open();
  });
  self.standfastPalette = { open };
})();
