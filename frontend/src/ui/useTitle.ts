import { useEffect } from "react";
import { visible } from "./visible";

/** The browser tab's title. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${visible(title)} · Dataferry`;
  }, [title]);
}
