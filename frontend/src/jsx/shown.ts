import { visible } from "@/ui/visible";

/** Attributes whose words are shown or read out. */
const WORDS = ["title", "alt", "placeholder", "aria-label", "aria-description"] as const;

interface Props {
  [name: string]: unknown;
}

/**
 * The properties of an element with its words as they are shown: a character that nobody sees is a mark.
 * Every element of the page passes through here, so that no screen that shows a name or a text of
 * strangers can forget it. What is no child and no such attribute, a form's value among it, stays as it is.
 */
export function shown(type: unknown, given: unknown): unknown {
  const props = given as Props | null;
  if (!props) return props;
  let changed: Props | null = null;
  if (props.children !== undefined) {
    const children = shownChildren(props.children);
    if (children !== props.children) changed = { ...props, children };
  }
  for (const name of WORDS) {
    const words = props[name];
    // One of ours may take a title for data, a name to be changed; its own elements come here too.
    if (typeof words !== "string" || (typeof type === "function" && name === "title")) continue;
    const seen = visible(words);
    if (seen !== words) changed = { ...(changed ?? props), [name]: seen };
  }
  return changed ?? props;
}

function shownChildren(children: unknown): unknown {
  if (typeof children === "string") return visible(children);
  if (!Array.isArray(children)) return children;
  let changed: unknown[] | null = null;
  children.forEach((child, index) => {
    const seen = shownChildren(child);
    if (seen === child) return;
    changed ??= [...children];
    changed[index] = seen;
  });
  return changed ?? children;
}
