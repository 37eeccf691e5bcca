/** A file that was chosen or dropped, by its path below the folder. */
export interface GivenFile {
  path: string;
  file: File;
}

export interface Refused {
  path: string;
  reason: string;
}

/** What will be sent, and what will not, before anything is. */
export interface FolderLook {
  name: string;
  files: readonly GivenFile[];
  bytes: number;
  /** Folders that hold files directly, with how many: the classes of an image folder. */
  folders: readonly { name: string; count: number }[];
  tables: readonly string[];
  archives: readonly string[];
  /** Left by systems and programs. */
  leftOut: readonly string[];
  refused: readonly Refused[];
  /** Paths that differ only in case or in how letters are composed. */
  twins: readonly string[];
}

const JUNK_NAMES = new Set([".ds_store", "thumbs.db", "desktop.ini", "ehthumbs.db"]);
const JUNK_FOLDERS = new Set(["__macosx", ".git", ".ipynb_checkpoints", "__pycache__", ".trashes"]);
const TABLE = /\.(csv|tsv|parquet|jsonl|ndjson|xlsx|feather|arrow)$/i;
const ARCHIVE = /\.(zip|tar|tgz|tar\.gz|tar\.bz2|tar\.xz|tbz2|txz)$/i;
const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 1024;
const bytes = new TextEncoder();

export function lookAt(given: readonly GivenFile[]): FolderLook {
  const { name, files: all } = withoutTop(given);
  const files: GivenFile[] = [];
  const leftOut: string[] = [];
  const refused: Refused[] = [];
  for (const one of all) {
    const reason = unusable(one.path);
    if (isJunk(one.path)) leftOut.push(one.path);
    else if (reason) refused.push({ path: one.path, reason });
    else files.push(one);
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const paths = files.map(({ path }) => path);
  return {
    name,
    files,
    bytes: files.reduce((sum, { file }) => sum + file.size, 0),
    folders: counted(paths),
    tables: paths.filter((path) => TABLE.test(path)),
    archives: paths.filter((path) => ARCHIVE.test(path)),
    leftOut,
    refused,
    twins: twinsOf(paths),
  };
}

/** The one folder that all files lie in is the dataset itself. */
function withoutTop(given: readonly GivenFile[]): { name: string; files: readonly GivenFile[] } {
  const top = given[0]?.path.split("/", 1)[0] ?? "";
  const shared = top !== "" && given.every(({ path }) => path.startsWith(`${top}/`));
  if (!shared) return { name: given.length === 1 ? top.replace(ARCHIVE, "") : "", files: given };
  return {
    name: top,
    files: given.map(({ path, file }) => ({ path: path.slice(top.length + 1), file })),
  };
}

function isJunk(path: string): boolean {
  const names = path.toLowerCase().split("/");
  const last = names.pop() ?? "";
  return (
    JUNK_NAMES.has(last) || last.startsWith("._") || names.some((one) => JUNK_FOLDERS.has(one))
  );
}

/** Why no dataset can have the path; null where one can. */
function unusable(path: string): string | null {
  const names = path.split("/");
  if (names.some((one) => one === "" || one === "." || one === "..")) return "is no plain path";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) return "holds control characters";
  const sizes = names.map((one) => bytes.encode(one).length);
  if (Math.max(...sizes) > MAX_NAME_BYTES || bytes.encode(path).length > MAX_PATH_BYTES)
    return "is too long";
  return null;
}

function counted(paths: readonly string[]) {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const folder = path.split("/").slice(0, -1).join("/");
    if (folder) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => ({ name, count }));
}

function twinsOf(paths: readonly string[]): string[] {
  const seen = new Set<string>();
  return paths.filter((path) => {
    const key = path.normalize("NFC").toLowerCase();
    if (seen.has(key)) return true;
    seen.add(key);
    return false;
  });
}

export function chosenFiles(list: FileList): GivenFile[] {
  return [...list].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** The files of what was dropped, folders with all that is below them. */
export async function droppedFiles(items: DataTransferItemList): Promise<GivenFile[]> {
  // All at once: the list is empty after the first wait.
  const entries = [...items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  const found: GivenFile[] = [];
  for (const entry of entries) await collect(entry, found);
  return found;
}

async function collect(entry: FileSystemEntry, found: GivenFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A browser gives a hundred at a time.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return;
    for (const one of some) await collect(one, found);
  }
}
