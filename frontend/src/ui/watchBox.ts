/** Calls `look` now, and whenever a box is scrolled or changes its size. Returns what ends that. */
export function watchBox(box: HTMLElement, look: () => void): () => void {
  look();
  const watch = typeof ResizeObserver === "function" ? new ResizeObserver(look) : null;
  watch?.observe(box);
  box.addEventListener("scroll", look, { passive: true });
  return () => {
    watch?.disconnect();
    box.removeEventListener("scroll", look);
  };
}
