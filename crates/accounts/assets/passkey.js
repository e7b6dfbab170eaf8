// Passkeys: the browser's dialogue, its answer into the hidden fields of a form of ours, and the form is sent.
// Without this file (or without passkeys in the browser) the forms stay hidden and the page says what to use instead.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

const text = (buffer) => {
  const binary = Array.from(new Uint8Array(buffer), (b) => String.fromCharCode(b)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

const listed = (ids) =>
  ids
    .split(" ")
    .filter((id) => id)
    .map((id) => ({ type: "public-key", id: bytes(id) }));

const create = async (form) => {
  const d = form.dataset;
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: bytes(d.challenge),
      rp: { id: d.rp, name: d.rpName },
      user: { id: new TextEncoder().encode(d.userId), name: d.userName, displayName: d.userDisplay },
      pubKeyCredParams: d.algorithms.split(" ").map((alg) => ({ type: "public-key", alg: Number(alg) })),
      excludeCredentials: listed(d.known),
      authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
      attestation: "none",
      timeout: 300000,
    },
  });
  form.elements.client_data.value = text(made.response.clientDataJSON);
  form.elements.attestation.value = text(made.response.attestationObject);
};

const get = async (form) => {
  const d = form.dataset;
  const got = await navigator.credentials.get({
    publicKey: {
      challenge: bytes(d.challenge),
      rpId: d.rp,
      allowCredentials: listed(d.known),
      userVerification: d.verification,
      timeout: 300000,
    },
  });
  form.elements.credential.value = text(got.rawId);
  form.elements.client_data.value = text(got.response.clientDataJSON);
  form.elements.authenticator_data.value = text(got.response.authenticatorData);
  form.elements.signature.value = text(got.response.signature);
  form.elements.user_handle.value = got.response.userHandle ? text(got.response.userHandle) : "";
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) break;
  form.hidden = false;
  const note = form.querySelector("[data-passkey-error]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    note.hidden = true;
    try {
      await (form.dataset.passkey === "create" ? create(form) : get(form));
    } catch (error) {
      // The person closed the dialogue, or no passkey fits: said here, nothing is sent.
      const known = error instanceof DOMException && error.name === "InvalidStateError";
      note.textContent = known ? form.dataset.exists : form.dataset.failed;
      note.hidden = false;
      return;
    }
    form.submit();
  });
}

if (window.PublicKeyCredential) {
  for (const box of document.querySelectorAll("[data-passkey-off]")) box.hidden = true;
}
