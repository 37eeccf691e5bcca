import { useQuery } from "@tanstack/react-query";
import { asProblem } from "@/api/problem";
import { useDatasetSearch } from "@/features/library/useDatasetSearch";
import { useMediaAccess } from "@/features/tables/useMediaAccess";
import { plural } from "@/ui/format";
import { Picker } from "@/ui/Picker";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { type SequencesPlace, sequenceQuery, sequencesQuery } from "./queries";
import { SequencePlayer } from "./SequencePlayer";

/** The recordings of a dataset, one of them played with all its sensors in step. */
export default function SequencesTab({ place }: { place: SequencesPlace }) {
  const [{ sequence: asked }, change] = useDatasetSearch();
  const list = useQuery(sequencesQuery(place));
  const here = (list.data?.sequences ?? []).filter((one) => one.here);
  const chosen = here.find(({ id }) => id === asked) ?? here[0];
  const allowed = useMediaAccess(place, true) !== undefined;
  const detail = useQuery({
    ...sequenceQuery(place, chosen?.id ?? ""),
    enabled: chosen !== undefined,
  });
  const error = list.error ?? detail.error;
  if (error) return <ProblemBox problem={asProblem(error)} />;
  if (!list.data) return <Spinner label="Looking for recordings…" />;
  if (!chosen) return <p className="text-14 text-muted">It has no recordings.</p>;
  return (
    <div className="grid grid-cols-1 gap-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Picker
          label="Sequence"
          value={chosen.id}
          onChoose={(id) => change({ sequence: id, frame: undefined })}
        >
          {here.map(({ id, frame_count: count }) => (
            <option key={id} value={id}>
              {id} ({plural(count ?? 0, "frame")})
            </option>
          ))}
        </Picker>
        <p className="text-13 text-muted">{missingWords(chosen.missing)}</p>
      </div>
      {detail.data?.problems?.map((problem) => (
        <p key={problem} className="text-13 text-muted wrap-anywhere">
          {problem}
        </p>
      ))}
      {detail.data ? (
        <SequencePlayer key={chosen.id} place={place} detail={detail.data} allowed={allowed} />
      ) : (
        <Spinner label="Opening the recording…" />
      )}
    </div>
  );
}

const SENSORS: Record<string, string> = { velodyne: "scan", oxts: "position" };

function missingWords(missing: Record<string, number> | undefined): string {
  const told = Object.entries(missing ?? {}).map(([sensor, count]) =>
    plural(count, SENSORS[sensor] ?? `image of ${sensor}`),
  );
  return told.length > 0 ? `Not recorded: ${told.join(", ")}` : "";
}
