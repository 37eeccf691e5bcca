import { useQuery } from "@tanstack/react-query";
import { previewQuery } from "@/api/queries";
import type { Preview } from "@/api/types";
import { Section } from "@/ui/Section";

/** The first rows of the dataset's main table; nothing where it has none. */
export function TablePreview({ datasetKey, revision }: { datasetKey: string; revision?: string }) {
  const { data } = useQuery(previewQuery(datasetKey, revision));
  if (!data) return null;
  return (
    <Section
      title="Preview"
      intro={
        <>
          First {data.rows.length} rows of <span className="font-mono">{data.path}</span>
        </>
      }
    >
      {/* Scrolls by itself, so it must be reached with the keyboard too. */}
      <section
        aria-label={`Preview of ${data.path}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls takes the arrow keys
        tabIndex={0}
        className="max-h-80 overflow-auto rounded-card border bg-card"
      >
        <Rows preview={data} />
      </section>
    </Section>
  );
}

function Rows({ preview }: { preview: Preview }) {
  return (
    <table className="w-max min-w-full text-13 tabular-nums">
      <thead className="sticky top-0 border-b bg-panel text-left text-12 text-muted">
        <tr>
          {preview.columns.map((column) => (
            <th key={column.name} scope="col" className="px-3 py-2 font-medium whitespace-nowrap">
              {column.name} <span className="font-mono font-normal">{column.dtype}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="divide-y">
        {preview.rows.map((row, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name and never move
          <tr key={index}>
            {row.map((cell, column) => (
              <td
                key={preview.columns[column]?.name}
                className={`max-w-80 truncate px-3 py-1 ${typeof cell === "number" ? "text-right" : ""}`}
                title={cell === null ? undefined : String(cell)}
              >
                {cell === null ? <span className="text-muted">–</span> : String(cell)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
