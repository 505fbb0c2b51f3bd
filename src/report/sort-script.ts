/**
 * The report's one inline script: heads of sortable tables become buttons.
 *
 * Knows: the tables' `data-v` values. May not know: what they mean. The page is complete without it.
 */
export const sortScript = `(() => {
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const read = (row, at) => row.cells[at].dataset.v;
    const compare = (a, b) => (a === "") - (b === "") || Number(a) - Number(b);
    heads.forEach((head, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const isDown = at > 0 && head.getAttribute("aria-sort") !== "descending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
        const rows = [...body.rows].sort((a, b) => {
          const [x, y] = [read(a, at), read(b, at)];
          return x === "" || y === "" ? compare(x, y) : (isDown ? -1 : 1) * compare(x, y);
        });
        body.append(...rows);
      });
    });
  }
})();`;
