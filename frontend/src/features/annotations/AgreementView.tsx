import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { Agreement } from "@/api/types";
import { plural } from "@/ui/format";
import { Picker } from "@/ui/Picker";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { agreementQuery } from "./queries";

const OVERLAPS = [0.5, 0.75, 0.9];

interface AgreementViewProps {
  place: { key: string; revision?: string };
  /** Their addresses. */
  people: readonly string[];
  onOpen: (split: string, image: number) => void;
}

/** How far two people agree, on what both have annotated. */
export function AgreementView({ place, people, onOpen }: AgreementViewProps) {
  const [a, setA] = useState(people[0] ?? "");
  const [b, setB] = useState(people[1] ?? "");
  const [iou, setIou] = useState(0.5);
  const { data, error } = useQuery(agreementQuery(place.key, place.revision, { a, b, iou }));
  return (
    <section aria-label="Agreement" className="grid grid-cols-1 gap-3 border-t pt-3">
      <h3 className="text-14 font-semibold">Agreement of two people</h3>
      <div className="flex flex-wrap gap-2">
        <People label="First" {...{ people }} chosen={a} onChoose={setA} />
        <People label="Second" {...{ people }} chosen={b} onChoose={setB} />
        <Picker
          label="Least overlap"
          value={String(iou)}
          onChoose={(value) => setIou(Number(value))}
        >
          {OVERLAPS.map((value) => (
            <option key={value} value={value}>
              IoU {value}
            </option>
          ))}
        </Picker>
      </div>
      {a === b && <p className="text-13 text-muted">Choose two people.</p>}
      {error && <ProblemBox problem={asProblem(error)} />}
      {!data && !error && a !== b && <Spinner label="Comparing…" />}
      {data && a !== b && <Figures found={data} onOpen={onOpen} />}
    </section>
  );
}

interface PeopleProps {
  label: string;
  people: readonly string[];
  chosen: string;
  onChoose: (email: string) => void;
}

function People({ label, people, chosen, onChoose }: PeopleProps) {
  return (
    <Picker label={label} value={chosen} onChoose={onChoose}>
      {people.map((email) => (
        <option key={email}>{email}</option>
      ))}
    </Picker>
  );
}

interface FiguresProps {
  found: Agreement;
  onOpen: (split: string, image: number) => void;
}

function Figures({ found, onOpen }: FiguresProps) {
  const apart = found.images.filter((one) => one.only_a + one.only_b > 0);
  const facts: [string, string][] = [
    ["Images of both", found.images_both.toLocaleString("en")],
    ["Only of the first", plural(found.images_only_a, "image")],
    ["Only of the second", plural(found.images_only_b, "image")],
    ["Boxes that match", found.matched.toLocaleString("en")],
    ["Boxes of the first alone", found.only_a.toLocaleString("en")],
    ["Boxes of the second alone", found.only_b.toLocaleString("en")],
    ["Mean IoU of those that match", found.mean_iou?.toFixed(3) ?? "none match"],
    ["Labels of matched boxes", kappaText(found.box_labels)],
    ["Labels of whole images", kappaText(found.image_labels)],
  ];
  return (
    <>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-13">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      {apart.length > 0 && (
        <ul aria-label="Images on which they differ" className="grid gap-1 text-13">
          {apart.slice(0, 20).map(({ split, image, name, only_a, only_b }) => (
            <li key={`${split} ${image}`}>
              <button
                type="button"
                className="text-left underline wrap-anywhere touch:min-h-11"
                onClick={() => onOpen(split, image)}
              >
                {split} {image + 1}: {name}
              </button>{" "}
              <span className="text-muted tabular-nums">
                {only_a} and {only_b} alone
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** `κ 0.82, 18 of 20 the same`, or why there is no such figure. */
function kappaText({ kappa, undefined: why, same, compared }: Agreement["box_labels"]): string {
  if (compared === 0) return why ?? "none";
  const told = `${same} of ${compared} the same`;
  return kappa == null ? `${told}. Kappa is not defined: ${why}` : `κ ${kappa.toFixed(2)}, ${told}`;
}
