import { CopyButton } from "@/ui/CopyButton";
import { type ChatMessage, textOf } from "./parts";

export function UserMessage({ message }: { message: ChatMessage }) {
  const text = textOf(message);
  return (
    <div data-question className="group mb-5 flex items-start justify-end gap-1">
      <CopyButton
        text={text}
        what="message"
        className="opacity-0 group-focus-within:opacity-100 group-hover:opacity-100"
      />
      <p className="max-w-[85%] rounded-composer bg-panel px-4 py-2 whitespace-pre-wrap wrap-anywhere">
        <span className="sr-only">You: </span>
        {text}
      </p>
    </div>
  );
}
