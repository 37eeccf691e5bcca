import { useQuery } from "@tanstack/react-query";
import { clsx } from "clsx";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { DicomTag, UploadView } from "@/api/types";
import { Badge } from "@/ui/Badge";
import { Field } from "@/ui/Field";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";
import { tagsQuery } from "./queries";

/** The elements of a DICOM file, or another image's own metadata, the personal ones marked. */
export function DicomTagTable({ upload }: { upload: UploadView }) {
  const [words, setWords] = useState("");
  const { data, error } = useQuery(tagsQuery(upload, upload.sha256));
  if (error) return <ProblemBox problem={asProblem(error)} />;
  if (!data) return <Spinner label="Reading its tags…" />;
  const title = upload.mime_type === "application/dicom" ? "Tags" : "Metadata";
  if (data.tags.length === 0)
    return <Section title={title} intro="Its file says nothing beside the picture." />;
  const personal = data.tags.filter((tag) => tag.personal).length;
  const shown = data.tags.filter((tag) => matches(tag, words));
  return (
    <Section
      title={title}
      intro={`${plural(data.tags.length, "element")}${data.more ? " and more" : ""}, ${personal} of them personal`}
    >
      <div className="max-w-72">
        <Field
          label="Find"
          type="search"
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      </div>
      <section
        aria-label="Tags of the file"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keyboard
        tabIndex={0}
        className="max-h-[32rem] overflow-auto rounded-card border bg-card"
      >
        <table className="w-full text-left text-13">
          <thead className="sticky top-0 bg-panel">
            <tr>
              {["Tag", "Name", "Value"].map((name) => (
                <th key={name} scope="col" className="px-3 py-1.5 font-medium">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((tag, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: an element may stand in several sequences
              <tr key={place} className={clsx("border-t", tag.personal && "bg-accent-soft")}>
                <td
                  className="px-3 py-1 align-top font-mono whitespace-nowrap text-muted"
                  style={{ paddingLeft: `${0.75 + tag.depth}rem` }}
                >
                  {tag.tag}
                </td>
                <td className="px-3 py-1 align-top">
                  {tag.name} {tag.personal && <Badge tone="accent">personal</Badge>}
                </td>
                <td className="min-w-40 px-3 py-1 align-top wrap-anywhere">
                  <bdi>{tag.value}</bdi>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Section>
  );
}

function matches({ tag, name, value }: DicomTag, words: string): boolean {
  const text = `${tag} ${name} ${value}`.toLowerCase();
  return text.includes(words.trim().toLowerCase());
}
