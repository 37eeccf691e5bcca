import { useInfiniteQuery } from "@tanstack/react-query";
import { asProblem } from "@/api/problem";
import { filesQuery } from "@/api/queries";
import type { DatasetFile } from "@/api/types";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { formatBytes, shortHash } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { gradeBrief, gradeText, gradeWords } from "./grades";
import { SaveButton } from "./SaveButton";

interface FileTableProps {
  datasetKey: string;
  revision?: string;
  /** Of all of them: a dataset may have a hundred thousand. */
  count: number;
}

/** The files of a dataset, a page at a time. */
export function FileTable({ datasetKey, revision, count }: FileTableProps) {
  const files = useInfiniteQuery(filesQuery(datasetKey, revision));
  const shown = files.data?.pages.flatMap((page) => page.files) ?? [];
  return (
    <div className="grid grid-cols-1 gap-2">
      {files.isPending && <Spinner label="Reading the file list…" />}
      {shown.length > 0 && <Rows files={shown} datasetKey={datasetKey} revision={revision} />}
      {files.error && (
        <ProblemBox problem={asProblem(files.error)}>
          <Button size="sm" onClick={() => void files.refetch()}>
            Retry
          </Button>
        </ProblemBox>
      )}
      {files.hasNextPage && (
        <p className="flex items-center gap-3 text-13 text-muted">
          <Button
            size="sm"
            disabled={files.isFetchingNextPage}
            onClick={() => void files.fetchNextPage()}
          >
            {files.isFetchingNextPage ? "Loading…" : "Show more"}
          </Button>
          {shown.length.toLocaleString("en")} of {count.toLocaleString("en")}
        </p>
      )}
    </div>
  );
}

interface RowsProps {
  files: readonly DatasetFile[];
  datasetKey: string;
  revision?: string;
}

function Rows({ files, datasetKey, revision }: RowsProps) {
  return (
    <div className="@container overflow-hidden rounded-card border bg-card">
      <table className="w-full table-fixed text-13">
        <caption className="sr-only">Files and their checksums</caption>
        <thead className="border-b bg-panel text-left text-12 text-muted">
          <tr>
            <th className="px-3 py-2 font-medium">File</th>
            <th className="w-24 px-2 py-2 text-right font-medium">Size</th>
            <th className="w-44 px-2 py-2 font-medium @max-[30rem]:hidden">SHA-256</th>
            <th className="w-28 px-2 py-2 font-medium @max-[38rem]:hidden">Checksum</th>
            <th className="w-12 px-2 py-2">
              <span className="sr-only">Save</span>
            </th>
          </tr>
        </thead>
        <tbody className="divide-y">
          {files.map((file) => (
            <tr key={file.path}>
              <td className="truncate px-3 py-1 font-mono text-12" title={file.path}>
                <bdi>{file.path}</bdi>
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
                    className="size-7! touch:size-11!"
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
              <td className="px-1 py-1">
                <SaveButton
                  datasetKey={datasetKey}
                  revision={revision}
                  file={file.path}
                  label={`Save ${file.path} to this computer`}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
