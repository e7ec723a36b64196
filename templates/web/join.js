// Solves the form's puzzle while the reader types: to find a number such that
// SHA-256 of "PUZZLE.NUMBER" begins with fifteen zero bits. Without this script
// the form works too; then fewer can be sent at once from one network.
(() => {
  const form = document.querySelector("form[data-puzzle]");
  if (!form || !window.crypto || !crypto.subtle) return;
  const encode = new TextEncoder();
  const solve = async (puzzle) => {
    for (let n = 0; ; n++) {
      const proof = puzzle + "." + n;
      const hash = new DataView(await crypto.subtle.digest("SHA-256", encode.encode(proof)));
      if (hash.getUint32(0) < 2 ** 17) return proof;
    }
  };
  let begun = false;
  form.addEventListener("focusin", async () => {
    if (begun) return;
    begun = true;
    form.elements.proof.value = await solve(form.dataset.puzzle);
  });
})();
