"use strict";
const items = [...document.querySelectorAll(".item")].map((element) => ({
  element, kind: element.dataset.kind, text: element.textContent.toLowerCase(),
}));
const search = document.getElementById("search");
const kind = document.getElementById("kind");
const found = document.getElementById("found");

function filter() {
  const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const item of items) {
    const fits = (!kind.value || item.kind === kind.value) && wanted.every((word) => item.text.includes(word));
    item.element.classList.toggle("hidden", !fits);
    shown += fits;
  }
  found.textContent = wanted.length || kind.value ? `${shown} of ${items.length}` : `${items.length} entries`;
}

search.addEventListener("input", filter);
kind.addEventListener("change", filter);
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  }
});
filter();
