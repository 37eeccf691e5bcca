import { formatBytes, plural } from "@/ui/format";
import type { FolderLook } from "./folder";

const SHOWN = 8;

/** What will be sent, and what will not. */
export function FolderFacts({ look }: { look: FolderLook }) {
  const { files, bytes, folders, tables, leftOut, refused, twins } = look;
  return (
    <div className="grid gap-3 rounded-card border bg-card p-3 text-14">
      <p className="font-medium">
        {plural(files.length, "file")}, {formatBytes(bytes)}
      </p>
      {folders.length > 0 && (
        <Names
          title={plural(folders.length, "folder")}
          names={folders.map(({ name, count }) => `${name} (${count})`)}
        />
      )}
      {tables.length > 0 && <Names title={plural(tables.length, "table")} names={tables} />}
      {leftOut.length > 0 && (
        <Names title={`${leftOut.length} left by programs, and left out`} names={leftOut} />
      )}
      {twins.length > 0 && (
        <Names
          title={`${plural(twins.length, "name")} that a Mac or Windows cannot tell from another`}
          names={twins}
        />
      )}
      {refused.length > 0 && (
        <Names
          bad
          title={`${plural(refused.length, "file")} that no dataset can have: rename them first`}
          names={refused.map(({ path, reason }) => `${path} ${reason}`)}
        />
      )}
      <p className="text-13 text-muted">Empty folders do not come along.</p>
    </div>
  );
}

function Names({
  title,
  names,
  bad = false,
}: {
  title: string;
  names: readonly string[];
  bad?: boolean;
}) {
  return (
    <details>
      <summary className={bad ? "cursor-pointer text-bad" : "cursor-pointer"}>{title}</summary>
      <ul className="mt-1 grid gap-0.5 pl-4 text-13 text-muted">
        {names.slice(0, SHOWN).map((name) => (
          <li key={name} dir="auto" className="wrap-anywhere">
            {name}
          </li>
        ))}
        {names.length > SHOWN && <li>and {names.length - SHOWN} more</li>}
      </ul>
    </details>
  );
}
