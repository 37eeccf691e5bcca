import { Suspense } from "react";
import type { DialogProps } from "./Dialog";
import { lazily } from "./lazily";

const Dialog = lazily(async () => ({ default: (await import("./Dialog")).Dialog }));

/** A dialog whose code comes with its first opening: for those that every screen has but few open. */
export function LazyDialog(props: DialogProps) {
  if (!props.open) return null;
  return (
    <Suspense fallback={null}>
      <Dialog {...props} />
    </Suspense>
  );
}
