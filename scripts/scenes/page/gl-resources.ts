import { FLOATS_PER_VERTEX } from './mesh.ts';

/** Triangles on the graphics side. */
export interface Part {
  readonly vertices: WebGLVertexArrayObject;
  readonly buffer: WebGLBuffer;
  count: number;
}

export function createPart(gl: WebGL2RenderingContext, data: Float32Array): Part {
  const part = { vertices: gl.createVertexArray(), buffer: gl.createBuffer(), count: 0 };
  gl.bindVertexArray(part.vertices);
  gl.bindBuffer(gl.ARRAY_BUFFER, part.buffer);
  let offset = 0;
  for (const [location, size] of [3, 3, 3, 2].entries()) {
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, size, gl.FLOAT, false, FLOATS_PER_VERTEX * 4, offset);
    offset += size * 4;
  }
  fillPart(gl, part, data);
  return part;
}

export function fillPart(gl: WebGL2RenderingContext, part: Part, data: Float32Array): void {
  gl.bindBuffer(gl.ARRAY_BUFFER, part.buffer);
  gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
  part.count = data.length / FLOATS_PER_VERTEX;
}

export function drawParts(gl: WebGL2RenderingContext, parts: readonly Part[]): void {
  for (const part of parts) {
    gl.bindVertexArray(part.vertices);
    gl.drawArrays(gl.TRIANGLES, 0, part.count);
  }
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A texture bound to a texture unit for good, so every unit has one use. */
export function createTexture(gl: WebGL2RenderingContext, unit: number, format: number, size: Size): WebGLTexture {
  const texture = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texStorage2D(gl.TEXTURE_2D, 1, format, size.width, size.height);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  return texture;
}

/** A depth texture that answers whether a place is nearer to the sun than what is drawn in it. */
export function createShadowTexture(gl: WebGL2RenderingContext, unit: number, sizePx: number): WebGLTexture {
  const texture = createTexture(gl, unit, gl.DEPTH_COMPONENT24, { width: sizePx, height: sizePx });
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_COMPARE_MODE, gl.COMPARE_REF_TO_TEXTURE);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
  return texture;
}

/** A frame to draw into whose attachments are textures. */
export function createFrame(gl: WebGL2RenderingContext, attachments: ReadonlyMap<number, WebGLTexture>): WebGLFramebuffer {
  const frame = gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
  for (const [attachment, texture] of attachments) gl.framebufferTexture2D(gl.FRAMEBUFFER, attachment, gl.TEXTURE_2D, texture, 0);
  return frame;
}

/** A frame with two colours and four samples a pixel, for smooth edges. */
export function createSmoothFrame(gl: WebGL2RenderingContext, size: Size): WebGLFramebuffer {
  const frame = gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
  const formats = [
    [gl.COLOR_ATTACHMENT0, gl.RGBA16F],
    [gl.COLOR_ATTACHMENT1, gl.RGBA16F],
    [gl.DEPTH_ATTACHMENT, gl.DEPTH_COMPONENT24],
  ] as const;
  for (const [attachment, format] of formats) {
    const buffer = gl.createRenderbuffer();
    gl.bindRenderbuffer(gl.RENDERBUFFER, buffer);
    gl.renderbufferStorageMultisample(gl.RENDERBUFFER, 4, format, size.width, size.height);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, attachment, gl.RENDERBUFFER, buffer);
  }
  gl.drawBuffers([gl.COLOR_ATTACHMENT0, gl.COLOR_ATTACHMENT1]);
  return frame;
}

/** A linked program that sets its uniforms by name. */
export class Program {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;

  constructor(gl: WebGL2RenderingContext, vertexSource: string, fragmentSource: string) {
    this.#gl = gl;
    this.#program = gl.createProgram();
    this.#attach(gl.VERTEX_SHADER, vertexSource);
    this.#attach(gl.FRAGMENT_SHADER, fragmentSource);
    gl.linkProgram(this.#program);
    if (gl.getProgramParameter(this.#program, gl.LINK_STATUS) !== true)
      throw new Error(gl.getProgramInfoLog(this.#program) ?? 'not linked');
  }

  /** Numbers are floats, lists of 2 or 3 vectors, of 16 matrices; names that the program does not use are left out. */
  use(
    uniforms: Readonly<Record<string, number | readonly number[] | Float32Array>>,
    textureUnits: Readonly<Record<string, number>> = {},
  ): void {
    const gl = this.#gl;
    gl.useProgram(this.#program);
    for (const [name, value] of Object.entries(uniforms)) {
      const location = gl.getUniformLocation(this.#program, name);
      if (typeof value === 'number') gl.uniform1f(location, value);
      else if (value.length === 2) gl.uniform2fv(location, value);
      else if (value.length === 3) gl.uniform3fv(location, value);
      else gl.uniformMatrix4fv(location, false, value);
    }
    for (const [name, unit] of Object.entries(textureUnits)) gl.uniform1i(gl.getUniformLocation(this.#program, name), unit);
  }

  #attach(type: number, source: string): void {
    const gl = this.#gl;
    const shader = gl.createShader(type);
    if (shader === null) throw new Error('the graphics context is lost');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (gl.getShaderParameter(shader, gl.COMPILE_STATUS) !== true) throw new Error(gl.getShaderInfoLog(shader) ?? 'not compiled');
    gl.attachShader(this.#program, shader);
  }
}
