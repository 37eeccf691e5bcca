import type { UploadView } from "@/api/types";
import { Fact, FactList } from "@/ui/FactList";
import { formatBytes, formatTime, plural, shortHash } from "@/ui/format";
import { Section } from "@/ui/Section";
import { formatWords } from "./words";

/** What is known of an upload. */
export function UploadFacts({ upload }: { upload: UploadView }) {
  const { details } = upload;
  return (
    <>
      {details.plausibility && !details.plausibility.likely && (
        <Note title="It may be no chest X-ray" lines={details.plausibility.doubts} />
      )}
      {details.burned_in.length > 0 && (
        <Note
          title="Text may stand within the picture"
          lines={[...details.burned_in, "Whether it does cannot be known here: look yourself."]}
        />
      )}
      <Section title="About it">
        <FactList>
          <Fact name="Picture">{formatWords(upload)}</Fact>
          <Fact name="Size">{formatBytes(upload.file_size)}</Fact>
          <Fact name="Uploaded">{formatTime(upload.created_at)}</Fact>
          {upload.expires_at && <Fact name="Removed on">{formatTime(upload.expires_at)}</Fact>}
          <Fact name="Virus scan">
            {upload.scan === "clean" ? "Nothing found" : "No scanner is set up"}
          </Fact>
          <Fact name="SHA-256">
            <span className="font-mono">{shortHash(upload.sha256)}</span>
          </Fact>
          {details.modality && <Fact name="Modality">{details.modality}</Fact>}
          {details.body_part && <Fact name="Body part">{details.body_part}</Fact>}
          {details.view && <Fact name="View">{details.view}</Fact>}
          {details.transfer_syntax && <Fact name="Written as">{details.transfer_syntax}</Fact>}
          {details.taken && <Fact name="Taken">{details.taken}</Fact>}
          {details.camera && <Fact name="Camera">{details.camera}</Fact>}
          {details.gps && (
            <Fact name="Place (only you see it)">
              {details.gps.latitude}, {details.gps.longitude}
            </Fact>
          )}
          {details.masked != null && (
            <Fact name="Masked">
              {details.masked > 0
                ? plural(details.masked, "rectangle")
                : "Looked at; nothing to mask"}
            </Fact>
          )}
        </FactList>
      </Section>
      {details.removed.length > 0 && (
        <Section title="De-identified" intro={`By the table of ${details.profile}`}>
          <details className="rounded-card border bg-card px-3 py-2 text-13">
            <summary className="cursor-pointer touch:min-h-11">
              {plural(details.removed.length, "element")} removed or replaced
            </summary>
            <ul className="grid gap-0.5 pt-2">
              {details.removed.map((one, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: an element may stand in several sequences
                <li key={place} className="wrap-anywhere">
                  <span className="font-mono text-muted">{one.tag}</span> {one.name}
                </li>
              ))}
            </ul>
          </details>
        </Section>
      )}
    </>
  );
}

function Note({ title, lines }: { title: string; lines: readonly string[] }) {
  return (
    <div role="note" className="grid gap-1 rounded-card border border-warn/60 bg-card p-3 text-14">
      <p className="font-medium">{title}</p>
      <ul className="list-disc pl-5 text-muted">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}
