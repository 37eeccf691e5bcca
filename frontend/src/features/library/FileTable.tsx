import { useState } from "react";
import type { DatasetFile } from "@/api/types";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { formatBytes, shortHash } from "@/ui/format";
import { gradeBrief, gradeText, gradeWords } from "./grades";

/** Rows shown at a time: a dataset may have a hundred thousand files. */
const STEP = 50;

export function FileTable({ files }: { files: readonly DatasetFile[] }) {
  const [shown, setShown] = useState(STEP);
  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="@container overflow-hidden rounded-card border bg-card">
        <table className="w-full table-fixed text-13">
          <caption className="sr-only">Files and their checksums</caption>
          <thead className="border-b bg-panel text-left text-12 text-muted">
            <tr>
              <th className="px-3 py-2 font-medium">File</th>
              <th className="w-24 px-2 py-2 text-right font-medium">Size</th>
              <th className="w-44 px-2 py-2 font-medium @max-[30rem]:hidden">SHA-256</th>
              <th className="w-24 px-2 py-2 font-medium @max-[38rem]:hidden">Grade</th>
            </tr>
          </thead>
          <tbody className="divide-y">
            {files.slice(0, shown).map((file) => (
              <tr key={file.path}>
                <td className="truncate px-3 py-1 font-mono text-12" title={file.path}>
                  {file.path}
                </td>
                <td className="px-2 py-1 text-right tabular-nums">{formatBytes(file.size)}</td>
                <td className="px-2 py-1 @max-[30rem]:hidden">
                  <span
                    className="flex items-center font-mono text-12 text-muted"
                    title={file.sha256}
                  >
                    {shortHash(file.sha256)}…
                    <CopyButton
                      text={file.sha256}
                      what={`SHA-256 of ${file.path}`}
                      className="size-7!"
                    />
                  </span>
                </td>
                <td
                  className="px-2 py-1 text-muted @max-[38rem]:hidden"
                  title={gradeText(file.grade)}
                >
                  <span aria-hidden>{gradeBrief(file.grade)}</span>
                  <span className="sr-only">{gradeWords(file.grade)}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {files.length > shown && (
        <Button
          size="sm"
          className="justify-self-start"
          onClick={() => setShown((count) => count + 4 * STEP)}
        >
          Show more of {files.length.toLocaleString("en")}
        </Button>
      )}
    </div>
  );
}
