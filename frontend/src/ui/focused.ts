/**
 * As a `ref`: the element has the focus once it is drawn. The attribute `autofocus` would not do: a browser
 * heeds it once for each load of the page.
 */
export function focused(element: HTMLElement | null): void {
  element?.focus();
}
