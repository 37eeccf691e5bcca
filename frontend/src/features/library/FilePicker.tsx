import { useId } from "react";
import type { PreviewFiles } from "@/api/types";
import { INPUT } from "@/ui/Field";
import { formatBytes } from "@/ui/format";

interface FilePickerProps {
  list: PreviewFiles;
  path: string;
  onPick: (path: string) => void;
}

/** Which file is shown; a menu where there are several. */
export function FilePicker({ list, path, onPick }: FilePickerProps) {
  const id = useId();
  const listed = list.files.some((file) => file.path === path);
  if (list.files.length < 2 && listed) {
    return <span className="min-w-0 truncate font-mono text-12 text-muted">{path}</span>;
  }
  return (
    <div className="flex min-w-0 items-center gap-2">
      <label htmlFor={id} className="text-13 text-muted">
        File
      </label>
      <select
        id={id}
        value={path}
        onChange={({ target }) => onPick(target.value)}
        className={`${INPUT} max-w-96 min-w-0 truncate font-mono text-12!`}
      >
        {!listed && <option value={path}>{path}</option>}
        {list.files.map((file) => (
          <option key={file.path} value={file.path}>
            {file.path}
            {file.size != null && ` (${formatBytes(file.size)})`}
          </option>
        ))}
        {list.more && <option disabled>More are in the file list below</option>}
      </select>
    </div>
  );
}
