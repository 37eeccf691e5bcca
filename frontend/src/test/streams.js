// jsdom has no streams of its own, and vmThreads hides Node's.
import {
  ReadableStream,
  TextDecoderStream,
  TransformStream,
  WritableStream,
} from "node:stream/web";

Object.assign(globalThis, { ReadableStream, TextDecoderStream, TransformStream, WritableStream });
