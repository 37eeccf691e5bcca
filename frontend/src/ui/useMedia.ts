import { useCallback, useSyncExternalStore } from "react";

/** Whether a media query holds. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** There is a mouse: a focus in a text field brings up no keyboard over the page. */
export function isPointerFine(): boolean {
  return typeof matchMedia !== "function" || !matchMedia("(pointer: coarse)").matches;
}
