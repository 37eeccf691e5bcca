import { useMutation } from "@tanstack/react-query";
import { FileDown } from "lucide-react";
import { asProblem } from "@/api/problem";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { ProblemBox } from "@/ui/ProblemBox";
import { type AnnotatedImage, FORMATS, saveExport } from "./queries";

interface ExportButtonsProps {
  of: AnnotatedImage | { of: "dataset"; key: string; revision?: string };
  /** By default everybody's. */
  author?: string;
}

/** Annotations as a file of one of the forms that other tools read. */
export function ExportButtons({ of, author }: ExportButtonsProps) {
  const save = useMutation({
    mutationFn: (format: (typeof FORMATS)[number]["name"]) => saveExport(of, format, author),
    onError: (error) => announce(`Not saved: ${asProblem(error).detail}`),
  });
  return (
    <fieldset className="flex flex-wrap gap-2">
      <legend className="mb-1 text-13 font-medium">Export as</legend>
      {FORMATS.map(({ name, label }) => (
        <Button key={name} size="sm" disabled={save.isPending} onClick={() => save.mutate(name)}>
          <FileDown aria-hidden /> {label}
        </Button>
      ))}
      {save.isError && (
        <div className="basis-full">
          <ProblemBox problem={asProblem(save.error)} />
        </div>
      )}
    </fieldset>
  );
}
