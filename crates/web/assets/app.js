// Only comfort: every page works without this file. No dependency, no inline style, no HTML from text.

// 暗証番号を表示する: the box is in the page, hidden, because without this script it would do nothing.
for (const row of document.querySelectorAll("[data-show-pin]")) {
  const field = document.getElementById(row.dataset.showPin);
  const box = row.querySelector("input");
  if (!field || !box) continue;
  box.checked = false;
  row.hidden = false;
  box.addEventListener("change", () => {
    field.type = box.checked ? "text" : "password";
  });
  // Never leave a PIN readable in what the browser keeps of the form.
  field.form?.addEventListener("submit", () => {
    field.type = "password";
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  const label = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      return;
    }
    button.textContent = button.dataset.copied;
    setTimeout(() => {
      button.textContent = label;
    }, 3000);
  });
}

// Warns before typed text is lost, only on forms that ask for it.
for (const form of document.querySelectorAll("form[data-leave-warning]")) {
  let changed = false;
  form.addEventListener("input", () => {
    changed = true;
  });
  form.addEventListener("submit", () => {
    changed = false;
  });
  addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
}

// Five minutes before the session ends its warning appears; `role` is set then, so that it is read out.
for (const box of document.querySelectorAll("[data-session-ends]")) {
  const warnAt = (Number(box.dataset.sessionEnds) - 300) * 1000;
  const show = () => {
    const left = warnAt - Date.now();
    if (left > 0) {
      // Timers sleep with the machine, so look again at least every minute.
      setTimeout(show, Math.min(left, 60_000));
    } else {
      box.setAttribute("role", "alert");
      box.hidden = false;
    }
  };
  show();
}
