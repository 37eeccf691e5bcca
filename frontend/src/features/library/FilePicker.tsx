import type { PreviewFiles } from "@/api/types";
import { formatBytes } from "@/ui/format";
import { Picker } from "@/ui/Picker";

interface FilePickerProps {
  list: PreviewFiles;
  path: string;
  onPick: (path: string) => void;
}

/** Which file is shown; a menu where there are several. */
export function FilePicker({ list, path, onPick }: FilePickerProps) {
  const listed = list.files.some((file) => file.path === path);
  if (list.files.length < 2 && listed) {
    return <span className="min-w-0 truncate font-mono text-12 text-muted">{path}</span>;
  }
  return (
    <Picker label="File" value={path} onChoose={onPick} className="font-mono text-12!">
      {!listed && <option value={path}>{path}</option>}
      {list.files.map((file) => (
        <option key={file.path} value={file.path}>
          {file.path}
          {file.size != null && ` (${formatBytes(file.size)})`}
        </option>
      ))}
      {list.more && <option disabled>More are in the file list below</option>}
    </Picker>
  );
}
