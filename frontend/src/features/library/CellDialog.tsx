import { useQuery } from "@tanstack/react-query";
import { type PreviewPlace, previewQuery } from "@/api/queries";
import { CopyButton } from "@/ui/CopyButton";
import { Dialog } from "@/ui/Dialog";

export interface Cell {
  row: number;
  column: number;
  name: string;
  text: string;
  /** Its whole length, where `text` is only its beginning. */
  chars?: number;
}

interface CellDialogProps {
  /** Null while closed. */
  cell: Cell | null;
  place: PreviewPlace;
  onClose: () => void;
}

/** The whole of one cell, with its line ends; the rest of a cut one is fetched. */
export function CellDialog({ cell, place, onClose }: CellDialogProps) {
  const cut = cell?.chars !== undefined;
  const { data } = useQuery({ ...previewQuery(place, true), enabled: cut });
  const whole = cell && (cut ? data?.rows[cell.row]?.[cell.column] : cell.text);
  const text = whole ?? cell?.text ?? "";
  const missing = cell?.chars !== undefined && text.length < cell.chars;
  return (
    <Dialog
      open={cell !== null}
      onOpenChange={(open) => !open && onClose()}
      title={cell ? `${cell.name.trim() || "No name"}, row ${cell.row + 1}` : ""}
    >
      <div className="mt-2 grid grid-cols-1 gap-2">
        {missing && (
          <p className="text-13 text-muted">
            {text.length.toLocaleString("en")} of {cell.chars?.toLocaleString("en")} characters
          </p>
        )}
        <pre
          dir="auto"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
          className="max-h-[55dvh] overflow-auto rounded-card border bg-panel p-3 font-mono text-13 whitespace-pre-wrap wrap-anywhere"
        >
          {text}
        </pre>
        <div className="justify-self-end">
          <CopyButton text={text} what="cell">
            Copy
          </CopyButton>
        </div>
      </div>
    </Dialog>
  );
}
