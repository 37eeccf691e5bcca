/** Short names for the generated schema: the words of the API, used all over the page. */
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type AppView = Schemas["AppView"];
export type UserView = Schemas["UserView"];
export type TokenAnswer = Schemas["TokenAnswer"];
export type Holding = Schemas["HoldingView"];
export type PersonalToken = Schemas["PersonalTokenView"];
export type NewPersonalToken = Schemas["NewPersonalToken"];
export type PersonalTokenRequest = Schemas["PersonalTokenRequest"];
export type Problem = Omit<Schemas["Problem"], "type"> & { type?: string };
export type ProblemView = Schemas["ProblemView"];
export type SourceProblem = Schemas["SourceProblem"];
export type SourceStatus = Schemas["SourceStatus"];
export type IndexView = Schemas["IndexView"];
export type IndexSource = Schemas["IndexSourceView"];
export type IndexCost = Schemas["IndexCost"];
export type ModelView = Schemas["ModelView"];
export type StorageView = Schemas["StorageView"];
export type SpeedLimits = Schemas["SpeedLimitsView"];

export type Annotation = Omit<Schemas["AnnotationView"], "box"> & { box: number[] | null };
export type Agreement = Schemas["AgreementView"];
export type UploadView = Schemas["UploadView"];
export type UploadCategory = UploadView["category"];
export type PartialUpload = Schemas["PartialUpload"];
export type UploadConsent = Schemas["ConsentView"];
export type UploadEvent = Schemas["UploadEventView"];
export type UploadFinding = Omit<Schemas["UploadFinding"], "box"> & { box?: number[] | null };
export type UploadAnalysis = Omit<Schemas["UploadAnalysis"], "findings"> & {
  findings: UploadFinding[];
};
export type QualityMeasure = Schemas["QualityMeasure"];
export type ModelRun = Schemas["ModelRun"];
export type CatalogModel = Schemas["CatalogModel"];
export type LikeSamples = Schemas["LikeSamples"];
export type LikeSample = Schemas["LikeSample"];
export type DicomTag = Schemas["DicomTag"];
export type GreyWindow = Schemas["GreyWindow"];

export type ChatView = Schemas["ChatView"];
export type ChatThread = Schemas["ChatThread"];
export type MessageView = Schemas["MessageView"];
export type MessageStatus = MessageView["status"];

export type DatasetCard = Schemas["DatasetCard"];
export type CardCopy = Schemas["CardCopy"];
/** What a card tells of one place that a dataset can be had from. */
export type OfferedDataset = Omit<DatasetCard, "copies">;
export type DatasetView = Schemas["DatasetView"];
export type DatasetFile = Schemas["DatasetFileView"];
export type DownloadTicket = Schemas["DownloadTicket"];
export type Preview = Schemas["Preview"];
export type QueryRows = Schemas["QueryRows"];
export type Chart = Schemas["Chart"];
export type TableAnswer = Schemas["TableAnswer"];
export type AskableTables = Schemas["AskableTables"];
export type ImageSample = Schemas["ImageSample"];
export type ImageSamples = Schemas["ImageSamples"];
export type PreviewFiles = Schemas["PreviewFiles"];
export type Readme = Schemas["Readme"];
export type SeveralDeletions = Schemas["SeveralDeletions"];
export type LibraryQuery = NonNullable<operations["list_datasets"]["parameters"]["query"]>;
export type PluginView = Schemas["PluginView"];
export type PluginFaultView = Schemas["PluginFaultView"];
/** The client reads a list of four as one of any length. */
export type SampleBox = Omit<Schemas["SampleBox"], "bbox"> & { bbox: number[] };
export type SequenceView = Schemas["SequenceView"];
export type SequenceDetail = Schemas["SequenceDetail"];
export type SequenceObject = Omit<Schemas["SequenceObject"], "corners" | "cameras"> & {
  corners: number[][] | null;
  cameras: Record<string, { bbox: number[]; edges: number[][] }>;
};
export type SequenceFrame = Omit<Schemas["SequenceFrame"], "objects"> & {
  objects: SequenceObject[];
};
export type TrackPoint = Schemas["TrackPoint"];
export type DatasetStatistics = Schemas["DatasetStatistics"];
export type StatisticsGroup = Schemas["StatisticsGroup"];
export type DatasetHealth = Schemas["DatasetHealth"];
export type Finding = Schemas["Finding"];
export type FindingGroup = Schemas["FindingGroup"];
export type FindingMember = Schemas["Member"];
export type Sample = Omit<Schemas["Sample"], "boxes"> & { boxes: SampleBox[] };
export type SampleClass = Schemas["SampleClass"];
export type ClassNode = Schemas["ClassNode"];
export type SampleSplit = Schemas["SampleSplit"];
export type SamplePage = Schemas["SamplePage"];
export type NamedPicture = Schemas["NamedPicture"];
export type Snippet = Schemas["Snippet"];
export type CheckReport = Schemas["CheckReport"];
export type Receipt = Schemas["Receipt"];
export type Verdict = Schemas["Verdict"];
export type LicenceSummary = Schemas["LicenceSummary"];
export type LicenceVerdict = Schemas["LicenceVerdict"];
export type LicenceTerm = Schemas["LicenceTerm"];
export type ModelCard = Schemas["ModelCard"];
export type Comparison = Schemas["Comparison"];
export type ComparedDataset = Schemas["ComparedDataset"];
export type SearchFilters = Schemas["SearchFilters"];
export type FilterName = Schemas["FilteredOut"]["filter"];
export type SourceName = SourceStatus["name"];

export type JobView = Schemas["JobView"];
export type JobPriority = JobView["priority"];
export type JobTransition = Schemas["JobTransition"];
export type RateSample = Schemas["RateSample"];
export type JobState = JobView["state"];
export type Progress = Schemas["Progress"];

export type ClientMessage = Schemas["Subscribe"] | Schemas["Unsubscribe"] | Schemas["Ping"];
export type ServerMessage =
  | Schemas["JobEvent"]
  | Schemas["JobSnapshot"]
  | Schemas["TopicChanged"]
  | Schemas["Subscribed"]
  | Schemas["Pong"]
  | Schemas["SocketError"];

export type TableList = Schemas["TableList"];
export type TableView = Schemas["TableView"];
export type TableColumn = Schemas["TableColumn"];
export type TableRows = Schemas["TableRows"];
export type ColumnStatistics = Schemas["ColumnStatistics"];
/** As `filter` of the API takes it, as JSON. */
export interface TableFilter {
  column: number;
  op: TableOperator;
  values: string[];
}
export type TableOperator =
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "between"
  | "contains"
  | "is_null"
  | "not_null"
  | "in";
