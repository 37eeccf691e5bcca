import { PictureSamples } from "./PictureSamples";
import { TablePreview } from "./TablePreview";
import { useDatasetSearch } from "./useDatasetSearch";

interface FirstRowsProps {
  /** As its address has it: a key, or the id of a row. */
  name: string;
  revision?: string;
  here: boolean;
}

/** The table that the address of a dataset's screen names, the choice of another, and some pictures. */
export function FirstRows({ name, revision, here }: FirstRowsProps) {
  const [{ file }, change] = useDatasetSearch();
  return (
    <>
      <TablePreview
        datasetKey={name}
        revision={revision}
        here={here}
        file={file}
        onFile={(chosen) => change({ file: chosen })}
      />
      <PictureSamples datasetKey={name} revision={revision} here={here} />
    </>
  );
}
