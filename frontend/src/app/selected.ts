/** Where one is, in the rail: told by a bar, the weight and the colour. */
export const SELECTED =
  "relative bg-selected font-medium text-fg! before:absolute before:inset-y-1 before:left-0 before:w-0.75 before:rounded-full before:bg-accent forced-colors:before:bg-[Highlight]";
