import { Missing } from "@/ui/Missing";
import { Frame } from "./Frame";

/** Any address that no screen has. */
export function NotFound() {
  return (
    <Frame>
      <Missing title="Page not found">
        The address may be mistyped, or what was here has moved.
      </Missing>
    </Frame>
  );
}
