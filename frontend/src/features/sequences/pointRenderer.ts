import { objectColour } from "./objectColours";

export interface Camera {
  /** Radians about the upright axis, and above the ground. */
  turn: number;
  tilt: number;
  /** Metres from the scanner. */
  distance: number;
}

export interface Box {
  category: string;
  corners: readonly (readonly number[])[];
}

/** Of the eight corners of a box, those of each edge: their numbers differ in one bit. */
const EDGES = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((a) =>
  [1, 2, 4].filter((bit) => !(a & bit)).map((bit): [number, number] => [a, a | bit]),
);
const VERTEX = `#version 300 es
uniform mat4 view;
in vec3 place; in vec3 shade; out vec3 colour;
void main() { gl_Position = view * vec4(place, 1.0); gl_PointSize = 2.0; colour = shade; }`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec3 colour; out vec4 pixel;
void main() { pixel = vec4(colour, 1.0); }`;

/** Points and boxes in space, drawn by WebGL. */
export class PointRenderer {
  private readonly points: WebGLBuffer;
  private readonly lines: WebGLBuffer;
  private pointCount = 0;
  private lineCount = 0;

  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;

  private constructor(gl: WebGL2RenderingContext, program: WebGLProgram) {
    this.gl = gl;
    this.program = program;
    this.points = gl.createBuffer();
    this.lines = gl.createBuffer();
  }

  /** Null where this browser has no WebGL. */
  static on(canvas: HTMLCanvasElement): PointRenderer | null {
    const gl = canvas.getContext("webgl2", { antialias: true });
    if (!gl) return null;
    const program = gl.createProgram();
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(kind);
      if (!shader) return null;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    return gl.getProgramParameter(program, gl.LINK_STATUS) ? new PointRenderer(gl, program) : null;
  }

  /** `packed`: four 16-bit integers a point, as the API sends them. */
  setPoints(packed: Int16Array): void {
    this.pointCount = packed.length / 4;
    const values = new Float32Array(this.pointCount * 6);
    for (let point = 0; point < this.pointCount; point++) {
      const [x = 0, y = 0, z = 0, light = 0] = packed.subarray(4 * point, 4 * point + 4);
      const height = Math.max(0, Math.min(1, (z / 100 + 2.5) / 4.5));
      const bright = 0.55 + (0.45 * light) / 255;
      const shade = [0.25 + 0.65 * height, 0.5 + 0.35 * height, 0.8 - 0.5 * height];
      values.set([x / 100, y / 100, z / 100, ...shade.map((one) => one * bright)], 6 * point);
    }
    this.fill(this.points, values);
  }

  setBoxes(boxes: readonly Box[]): void {
    const values: number[] = [];
    for (const { corners, category } of boxes) {
      const colour = [1, 3, 5].map(
        (at) => parseInt(objectColour(category).slice(at, at + 2), 16) / 255,
      );
      for (const ends of EDGES) {
        for (const end of ends) values.push(...(corners[end] ?? [0, 0, 0]), ...colour);
      }
    }
    this.lineCount = values.length / 6;
    this.fill(this.lines, new Float32Array(values));
  }

  draw(camera: Camera): void {
    const { gl } = this;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0.05, 0.055, 0.08, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    // biome-ignore lint/correctness/useHookAtTopLevel: WebGL's own method
    gl.useProgram(this.program);
    const aspect = gl.drawingBufferWidth / Math.max(1, gl.drawingBufferHeight);
    gl.uniformMatrix4fv(gl.getUniformLocation(this.program, "view"), false, viewOf(camera, aspect));
    this.drawBuffer(this.points, gl.POINTS, this.pointCount);
    this.drawBuffer(this.lines, gl.LINES, this.lineCount);
  }

  close(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  private fill(buffer: WebGLBuffer, values: Float32Array): void {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, values, this.gl.DYNAMIC_DRAW);
  }

  private drawBuffer(buffer: WebGLBuffer, kind: number, count: number): void {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    for (const [name, offset] of [
      ["place", 0],
      ["shade", 12],
    ] as const) {
      const at = gl.getAttribLocation(this.program, name);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, 3, gl.FLOAT, false, 24, offset);
    }
    gl.drawArrays(kind, 0, count);
  }
}

/** From the scanner's metres to the screen, column by column: the eye looks at the scanner, z is up. */
export function viewOf({ turn, tilt, distance }: Camera, aspect: number): Float32Array {
  const [ct, st, cl, sl] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
  const ahead = [cl * ct, cl * st, -sl];
  const right = [st, -ct, 0];
  const up = [sl * ct, sl * st, cl];
  const focal = 1.6;
  const [near, far] = [0.5, 500];
  const [a, b] = [(far + near) / (far - near), (-2 * far * near) / (far - near)];
  const columns: number[] = [];
  for (const axis of [0, 1, 2]) {
    const depth = ahead[axis] ?? 0;
    columns.push((focal * (right[axis] ?? 0)) / aspect, focal * (up[axis] ?? 0), a * depth, depth);
  }
  columns.push(0, 0, a * distance + b, distance);
  return new Float32Array(columns);
}
