import {
  createFrame,
  createPart,
  createShadowTexture,
  createSmoothFrame,
  createTexture,
  drawParts,
  fillPart,
  type Part,
  Program,
  type Size,
} from './gl-resources.ts';
import { add, cross, lookAlong, multiply, normalize, orthographic, perspective, scale, type Vec3 } from './math3d.ts';
import type { Mesh } from './mesh.ts';
import {
  COMPOSE_FRAGMENT,
  COMPOSE_VERTEX,
  MOVING_FRAGMENT,
  SCENE_VERTEX,
  SHADOW_FRAGMENT,
  SHADOW_VERTEX,
  SKY_FRAGMENT,
  SKY_VERTEX,
  STILL_FRAGMENT,
} from './shaders.ts';

const SHADOW_SIZE_PX = 2048;
const UNIT = { shadowMap: 0, shadedStill: 1, sunnyStill: 2, sunPlaceStill: 3, depthStill: 4, shadowOfStill: 5 } as const;

export interface View {
  readonly eye: Vec3;
  /** Radians below the horizon. */
  readonly pitch: number;
  /** Horizontal focal length as a multiple of half the width. */
  readonly focal: number;
}

/** Colours are linear light. */
export interface Daylight {
  /** Towards the sun, of length 1. */
  readonly sunDirection: Vec3;
  readonly sunColor: Vec3;
  readonly skyTop: Vec3;
  readonly skyHorizon: Vec3;
  readonly groundLight: Vec3;
  /** Share of light lost to haze in a metre. */
  readonly haze: number;
  readonly exposure: number;
  /** The square around this point that gets shadows, half its side in metres. */
  readonly shadowCentre: Vec3;
  readonly shadowReach: number;
}

/**
 * Draws triangles under one sun with shadows into a canvas of its own.
 * What neither moves nor sways is drawn once, without its shadows; each frame adds those and what moves,
 * which is several times faster on a machine without a graphics processor.
 */
export class Renderer {
  readonly canvas: HTMLCanvasElement;
  readonly #gl: WebGL2RenderingContext;
  readonly #programs: Readonly<Record<'shadow' | 'moving' | 'compose' | 'sky', Program>>;
  readonly #fixed: Part;
  readonly #swaying: Part;
  readonly #moving: Part;
  readonly #shadowFrame: WebGLFramebuffer;
  readonly #shadowOfStillFrame: WebGLFramebuffer;
  /** Everything about view and light that programs ask for by name. */
  readonly #uniforms: Readonly<Record<string, number | readonly number[] | Float32Array>>;
  /** The lowest row from the bottom that can show sky; a little under the horizon, as the ground ends before it. */
  readonly #skyFromPx: number;

  constructor(size: Size, still: Mesh, view: View, daylight: Daylight) {
    this.canvas = Object.assign(document.createElement('canvas'), size);
    const gl = this.canvas.getContext('webgl2', { alpha: false, antialias: true, preserveDrawingBuffer: true });
    if (gl?.getExtension('EXT_color_buffer_float') == null) throw new Error('this browser draws no WebGL 2 with floating point colours');
    this.#gl = gl;
    this.#programs = {
      shadow: new Program(gl, SHADOW_VERTEX, SHADOW_FRAGMENT),
      moving: new Program(gl, SCENE_VERTEX, MOVING_FRAGMENT),
      compose: new Program(gl, COMPOSE_VERTEX, COMPOSE_FRAGMENT),
      sky: new Program(gl, SKY_VERTEX, SKY_FRAGMENT),
    };
    const { fixed, swaying } = still.splitBySway();
    this.#fixed = createPart(gl, fixed);
    this.#swaying = createPart(gl, swaying);
    this.#moving = createPart(gl, new Float32Array(0));
    const shadowSize = { width: SHADOW_SIZE_PX, height: SHADOW_SIZE_PX };
    this.#shadowFrame = createFrame(gl, new Map([[gl.DEPTH_ATTACHMENT, createShadowTexture(gl, UNIT.shadowMap, SHADOW_SIZE_PX)]]));
    this.#shadowOfStillFrame = createFrame(
      gl,
      new Map([[gl.DEPTH_ATTACHMENT, createTexture(gl, UNIT.shadowOfStill, gl.DEPTH_COMPONENT24, shadowSize)]]),
    );
    this.#uniforms = { ...daylight, ...uniformsOf(size, view, daylight) };
    this.#skyFromPx = Math.floor(size.height / 2 + (size.width / 2) * view.focal * Math.tan(view.pitch)) - 60;
    gl.enable(gl.DEPTH_TEST);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    this.#drawStill();
  }

  /** @param phase place in the loop, 0..2 pi */
  draw(moving: Mesh, phase: number): void {
    const gl = this.#gl;
    const uniforms = { ...this.#uniforms, phase };
    fillPart(gl, this.#moving, moving.data);

    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.#shadowOfStillFrame);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, this.#shadowFrame);
    gl.blitFramebuffer(0, 0, SHADOW_SIZE_PX, SHADOW_SIZE_PX, 0, 0, SHADOW_SIZE_PX, SHADOW_SIZE_PX, gl.DEPTH_BUFFER_BIT, gl.NEAREST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#shadowFrame);
    gl.viewport(0, 0, SHADOW_SIZE_PX, SHADOW_SIZE_PX);
    this.#programs.shadow.use(uniforms);
    drawParts(gl, [this.#swaying, this.#moving]);

    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    this.#drawSky(uniforms);
    gl.depthFunc(gl.ALWAYS);
    gl.enable(gl.BLEND);
    this.#programs.compose.use(uniforms, UNIT);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.disable(gl.BLEND);
    gl.depthFunc(gl.LESS);
    this.#programs.moving.use(uniforms, UNIT);
    drawParts(gl, [this.#swaying, this.#moving]);
  }

  #drawSky(uniforms: Readonly<Record<string, number | readonly number[] | Float32Array>>): void {
    const gl = this.#gl;
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(0, this.#skyFromPx, this.canvas.width, this.canvas.height - this.#skyFromPx);
    gl.depthFunc(gl.ALWAYS);
    this.#programs.sky.use(uniforms);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.disable(gl.SCISSOR_TEST);
  }

  /** Fills the textures of what stands still: two colours with smooth edges, and place and depth without, as those cannot be averaged. */
  #drawStill(): void {
    const gl = this.#gl;
    const size = this.canvas;
    const program = new Program(gl, SCENE_VERTEX, STILL_FRAGMENT);
    const shaded = createFrame(gl, new Map([[gl.COLOR_ATTACHMENT0, createTexture(gl, UNIT.shadedStill, gl.RGBA16F, size)]]));
    const sunny = createFrame(gl, new Map([[gl.COLOR_ATTACHMENT0, createTexture(gl, UNIT.sunnyStill, gl.RGBA16F, size)]]));
    const places = new Map([
      [gl.COLOR_ATTACHMENT2, createTexture(gl, UNIT.sunPlaceStill, gl.RGBA32F, size)],
      [gl.DEPTH_ATTACHMENT, createTexture(gl, UNIT.depthStill, gl.DEPTH_COMPONENT24, size)],
    ]);
    const uniforms = { ...this.#uniforms, phase: 0 };

    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#shadowOfStillFrame);
    gl.viewport(0, 0, SHADOW_SIZE_PX, SHADOW_SIZE_PX);
    gl.clear(gl.DEPTH_BUFFER_BIT);
    this.#programs.shadow.use(uniforms);
    drawParts(gl, [this.#fixed]);

    gl.viewport(0, 0, size.width, size.height);
    gl.clearColor(0, 0, 0, 0);
    program.use(uniforms);
    const smooth = createSmoothFrame(gl, size);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    drawParts(gl, [this.#fixed]);
    for (const [attachment, target] of [
      [gl.COLOR_ATTACHMENT0, shaded],
      [gl.COLOR_ATTACHMENT1, sunny],
    ] as const) {
      gl.bindFramebuffer(gl.READ_FRAMEBUFFER, smooth);
      gl.readBuffer(attachment);
      gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, target);
      gl.blitFramebuffer(0, 0, size.width, size.height, 0, 0, size.width, size.height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    }
    createFrame(gl, places);
    gl.drawBuffers([gl.NONE, gl.NONE, gl.COLOR_ATTACHMENT2]);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    drawParts(gl, [this.#fixed]);
  }
}

function uniformsOf(size: Size, view: View, daylight: Daylight): Record<string, readonly number[] | Float32Array> {
  const direction: Vec3 = [0, -Math.sin(view.pitch), -Math.cos(view.pitch)];
  const right = normalize(cross(direction, [0, 1, 0]));
  const lens = perspective(view.focal, size.width / size.height, 0.2, 200);
  const sunEye = add(daylight.shadowCentre, daylight.sunDirection);
  return {
    eye: view.eye,
    right,
    up: cross(right, direction),
    back: scale(direction, -1),
    extent: [1 / view.focal, size.height / size.width / view.focal],
    viewProjection: multiply(lens, lookAlong(view.eye, direction)),
    sunProjection: multiply(orthographic(daylight.shadowReach, 40), lookAlong(sunEye, scale(daylight.sunDirection, -1))),
  };
}
