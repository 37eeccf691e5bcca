import { Missing } from "@/ui/Missing";

/** A chat that is not there, or not for this person: which of the two is nobody's business. */
export function MissingChat() {
  return (
    <Missing title="Chat not found">
      It was deleted, or it belongs to another account, which does not share it with you.
    </Missing>
  );
}
