import { useQuery } from "@tanstack/react-query";
import { asProblem } from "@/api/problem";
import type { TableView } from "@/api/types";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { Dialog } from "@/ui/Dialog";
import { formatCount } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { mediaAddress } from "./CellContent";
import type { Spot } from "./gridGeometry";
import { useNamedPicture } from "./namedPictures";
import { laidOut } from "./nestedText";
import { cellQuery, MOST_CELL_CHARS, type RowSelection, type TablePlace } from "./queries";
import { useMediaAccess } from "./useMediaAccess";

interface WholeCellProps {
  place: TablePlace;
  table: TableView;
  selection: RowSelection;
  /** Null while closed. */
  spot: Spot | null;
  onClose: () => void;
}

/** The whole of one cell: a text with its line ends, a nested value laid out, a picture, a sound. */
export function WholeCell({ place, table, selection, spot, onClose }: WholeCellProps) {
  const column = spot && table.columns?.[spot.column];
  const { data, error, isPending, refetch } = useQuery({
    ...cellQuery(place, selection, spot?.row ?? 0, spot?.column ?? 0),
    enabled: spot !== null,
  });
  const address = useMediaAccess(place, column?.kind === "media");
  const value = data?.text ?? "";
  const picture = useNamedPicture(place, column?.kind === "text" ? value : null);
  const text = column?.kind === "nested" ? laidOut(value) : value;
  const name = column?.name.trim() || "No name";
  return (
    <Dialog
      open={spot !== null}
      onOpenChange={(open) => !open && onClose()}
      title={spot ? `${name}, row ${(spot.row + 1).toLocaleString("en")}` : ""}
    >
      {spot && (
        <div className="mt-2 grid grid-cols-1 gap-2">
          <p className="font-mono text-12 text-muted">{column?.dtype}</p>
          {column?.kind === "media" && address && value && (
            <Media
              source={mediaAddress(address, place, selection, spot.row, spot.column)}
              name={value}
            />
          )}
          {picture && (
            <figure className="justify-self-center text-center">
              <Media source={picture.thumbnail} name={picture.path} />
              <figcaption className="text-12 text-muted tabular-nums">
                {picture.width} × {picture.height}
              </figcaption>
            </figure>
          )}
          {error ? (
            <ProblemBox problem={asProblem(error)}>
              <Button size="sm" onClick={() => void refetch()}>
                Retry
              </Button>
            </ProblemBox>
          ) : isPending ? (
            <Spinner label="Reading the cell…" />
          ) : (
            <pre
              dir="auto"
              // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
              tabIndex={0}
              className="max-h-[55dvh] overflow-auto rounded-card border bg-panel p-3 font-mono text-13 whitespace-pre-wrap wrap-anywhere"
            >
              {data.text === null ? "null: there is no value" : text}
            </pre>
          )}
          {data?.chars && (
            <p className="text-13 text-muted">
              The first {formatCount(MOST_CELL_CHARS)} of {formatCount(data.chars)} characters.
            </p>
          )}
          <div className="justify-self-end">
            <CopyButton text={text} what="cell">
              Copy
            </CopyButton>
          </div>
        </div>
      )}
    </Dialog>
  );
}

const SOUND = /\.(wav|mp3|flac|ogg|opus|m4a)$/i;

function Media({ source, name }: { source: string; name: string }) {
  if (SOUND.test(name)) {
    // biome-ignore lint/a11y/useMediaCaption: a recording of a dataset has none
    return <audio controls src={source} className="w-full" />;
  }
  return (
    <img
      src={source}
      alt={name}
      className="max-h-[45dvh] max-w-full justify-self-center rounded-card border"
    />
  );
}
