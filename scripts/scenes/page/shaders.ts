const SWAY = `
uniform float phase;
vec3 swayed(vec3 p, float amount) {
  if (amount == 0.0) return p;
  float a = p.x * 0.8 + p.z * 0.6;
  float x = sin(13.0 * phase + a) + 0.45 * sin(29.0 * phase + 2.3 * a + p.y) + 0.25 * sin(47.0 * phase + 5.0 * p.x);
  float z = 0.6 * sin(17.0 * phase + 1.7 * a) + 0.3 * sin(31.0 * phase + 3.1 * a);
  return p + amount * vec3(x, 0.25 * sin(23.0 * phase + 2.0 * a), z);
}`;

/** `phase` is the place in the loop, 0..2 pi: every motion has a whole number of turns in a loop. */
export const SHADOW_VERTEX = `#version 300 es
layout(location = 0) in vec3 position;
layout(location = 3) in vec2 materialAndSway;
uniform mat4 sunProjection;
${SWAY}
void main() { gl_Position = sunProjection * vec4(swayed(position, materialAndSway.y), 1.0); }`;

export const SHADOW_FRAGMENT = `#version 300 es
precision mediump float;
void main() {}`;

export const SCENE_VERTEX = `#version 300 es
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec3 color;
layout(location = 3) in vec2 materialAndSway;
uniform mat4 viewProjection;
uniform mat4 sunProjection;
out vec3 rest;
out vec3 place;
out vec3 facing;
out vec3 tint;
out vec3 sunPlace;
flat out int material;
${SWAY}
void main() {
  rest = position;
  place = swayed(position, materialAndSway.y);
  facing = normal;
  tint = color;
  material = int(materialAndSway.x + 0.5);
  sunPlace = (sunProjection * vec4(place + normal * 0.03, 1.0)).xyz * 0.5 + 0.5;
  gl_Position = viewProjection * vec4(place, 1.0);
}`;

const NOISE = `
float hash(vec2 p) { vec3 q = fract(vec3(p.xyx) * 0.1031); q += dot(q, q.yzx + 33.33); return fract((q.x + q.y) * q.z); }
float noise(vec2 p) {
  vec2 i = floor(p), f = fract(p);
  f = f * f * (3.0 - 2.0 * f);
  return mix(mix(hash(i), hash(i + vec2(1, 0)), f.x), mix(hash(i + vec2(0, 1)), hash(i + vec2(1, 1)), f.x), f.y);
}
float fbm(vec2 p) { return 0.5 * noise(p) + 0.28 * noise(p * 2.1 + 7.3) + 0.15 * noise(p * 4.3 + 1.7) + 0.07 * noise(p * 8.7 + 3.1); }`;

const DAYLIGHT = `
uniform vec3 sunDirection, sunColor, skyTop, skyHorizon, groundLight;
uniform float exposure;
vec3 skyAt(vec3 direction) {
  float height = max(direction.y, 0.0);
  float glow = pow(max(dot(direction, sunDirection), 0.0), 6.0);
  return mix(skyHorizon, skyTop, 1.0 - exp(-7.0 * height)) + sunColor * glow * 0.22;
}
vec3 developed(vec3 light) {
  light *= exposure;
  vec3 film = clamp(light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14), 0.0, 1.0);
  return pow(film, vec3(1.0 / 2.2));
}`;

const SUNLIGHT = `
uniform sampler2DShadow shadowMap;
float sunlight(vec3 at) {
  float sum = 0.0;
  for (int tap = 0; tap < 4; tap++) sum += texture(shadowMap, vec3(at.xy + (vec2(tap & 1, tap >> 1) - 0.5) * 0.0009, at.z - 0.0012));
  return sum / 4.0;
}`;

/** Surfaces drawn by formula; only what stands still has them. */
const PATTERNS = `
vec3 tiled(vec2 p, vec2 size, float joint, float spread, vec3 mortar) {
  vec2 q = p / size;
  float row = floor(q.y);
  q.x += 0.5 * mod(row, 2.0);
  vec2 cell = floor(q), edge = min(fract(q), 1.0 - fract(q)) * size;
  float blur = clamp(length(fwidth(p)) * 0.5, 0.002, 1.0);
  float inside = smoothstep(joint - blur, joint + blur, min(edge.x, edge.y));
  float seen = clamp(0.12 / blur * size.y, 0.0, 1.0);
  vec3 stone = tint * (1.0 + spread * (hash(cell) - 0.5)) * (0.9 + 0.2 * noise(p * 30.0));
  return mix(mix(tint, mortar, 0.15), mix(mortar, stone, inside), seen);
}
vec3 grass(float distance) {
  float near = clamp(1.0 - distance / 22.0, 0.0, 1.0);
  float patches = fbm(rest.xz * 0.45), blades = noise(rest.xz * vec2(34.0, 20.0)) * 0.6 + noise(rest.xz * vec2(75.0, 55.0)) * 0.4;
  vec3 base = tint * (0.62 + 0.7 * patches);
  base = mix(base, base * vec3(1.35, 1.15, 0.7), smoothstep(0.5, 0.75, fbm(rest.xz * 0.9 + 11.0)) * 0.5);
  return base * mix(1.0, 0.62 + 0.76 * blades, near);
}
vec3 albedo(float distance) {
  float wall = rest.x + rest.z;
  if (material == 1) return grass(distance);
  if (material == 11) return grass(distance) * (1.0 + 0.13 * smoothstep(-0.2, 0.2, sin(rest.x * 3.9 + rest.z * 0.5)));
  if (material == 2) return tiled(rest.xz, vec2(0.5, 0.34), 0.011, 0.34, tint * 0.45);
  if (material == 3) return tint * (0.78 + 0.3 * fbm(rest.xz * 0.7) + 0.16 * noise(rest.xz * 40.0) * clamp(1.0 - distance / 25.0, 0.0, 1.0));
  if (material == 4) return tiled(vec2(wall, rest.y), vec2(0.3, 0.1), 0.008, 0.4, vec3(0.5, 0.46, 0.41));
  if (material == 10) return tiled(vec2(wall, rest.y * 1.4), vec2(0.32, 0.26), 0.012, 0.3, tint * 0.5);
  if (material == 5) {
    float board = floor(wall / 0.15), edge = min(fract(wall / 0.15), 1.0 - fract(wall / 0.15)) * 0.15;
    float blur = clamp(fwidth(wall), 0.003, 0.08);
    return tint * (0.8 + 0.36 * hash(vec2(board, 3.0))) * (0.85 + 0.3 * noise(vec2(wall * 60.0, rest.y * 2.5 + board))) * mix(0.4, 1.0, smoothstep(0.004, 0.006 + blur, edge));
  }
  if (material == 13) return tint * mix(0.72, 1.0, smoothstep(0.0, 0.2, fract(rest.y / 0.2))) * (0.94 + 0.1 * noise(vec2(wall * 3.0, rest.y * 9.0)));
  if (material == 12) return tint * (0.88 + 0.2 * fbm(vec2(wall, rest.y) * 2.0));
  return tint;
}`;

/** What a surface sends to the eye: in the shade, and what full sun adds to it. */
const SHADING = `
void shade(vec3 base, vec3 n, vec3 view, float distance, out vec3 shaded, out vec3 sunny) {
  float slope = dot(n, sunDirection), against = max(dot(-view, sunDirection), 0.0);
  vec3 around = mix(groundLight, mix(skyTop, skyHorizon, 0.35) * 0.75, 0.5 + 0.5 * n.y);
  shaded = base * around;
  sunny = base * sunColor * max(slope, 0.0);
  if (material == 9) { shaded = tint / exposure; sunny = vec3(0.0); return; }
  if (material == 6) {
    vec3 through = base * vec3(1.1, 1.15, 0.35) * sunColor * (against * against * against * 0.7 + 0.12);
    shaded = shaded * (0.75 + 0.25 * n.y) + 0.25 * through;
    sunny = base * sunColor * max(0.35 + 0.65 * slope, 0.0) * 0.8 + 0.75 * through;
  }
  if (material == 7 || material == 8) {
    vec3 mirror = reflect(-view, n);
    float fresnel = (material == 8 ? 0.14 : 0.04) + 0.8 * pow(1.0 - max(dot(view, n), 0.0), 5.0);
    vec3 seen = mirror.y > 0.0 ? skyAt(mirror) * mix(0.35, 1.0, smoothstep(0.02, 0.3, mirror.y)) : groundLight * 0.8;
    shaded = shaded * (1.0 - fresnel) + seen * fresnel * 1.1;
    sunny = sunny * (1.0 - fresnel) + sunColor * (material == 8 ? 1.5 : 0.6) * pow(max(dot(mirror, sunDirection), 0.0), 90.0);
  }
  float clear = exp(-haze * distance);
  shaded = mix(skyHorizon * 0.95 + sunColor * 0.12 * pow(against, 4.0), shaded, clear);
  sunny *= clear;
}`;

const SURFACE_INPUTS = `
in vec3 rest;
in vec3 place;
in vec3 facing;
in vec3 tint;
in vec3 sunPlace;
flat in int material;
uniform vec3 eye;
uniform float haze;`;

/** Draws what stands still, once: its light in the shade, what sun adds, and where it is in the shadow map. */
export const STILL_FRAGMENT = `#version 300 es
precision highp float;
${SURFACE_INPUTS}
layout(location = 0) out vec4 shadedOut;
layout(location = 1) out vec4 sunnyOut;
layout(location = 2) out vec4 sunPlaceOut;
${NOISE}
${DAYLIGHT}
${PATTERNS}
${SHADING}
void main() {
  float distance = length(eye - place);
  vec3 shaded, sunny;
  shade(albedo(distance), normalize(facing), normalize(eye - place), distance, shaded, sunny);
  shadedOut = vec4(shaded, 1.0);
  sunnyOut = vec4(sunny, 1.0);
  sunPlaceOut = vec4(sunPlace, 1.0);
}`;

/** Lays what stands still under the shadows of this frame. */
export const COMPOSE_FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2DShadow;
uniform sampler2D shadedStill, sunnyStill, sunPlaceStill, depthStill;
out vec4 result;
${DAYLIGHT}
${SUNLIGHT}
void main() {
  ivec2 pixel = ivec2(gl_FragCoord.xy);
  vec4 shaded = texelFetch(shadedStill, pixel, 0);
  vec3 light = shaded.rgb + texelFetch(sunnyStill, pixel, 0).rgb * sunlight(texelFetch(sunPlaceStill, pixel, 0).xyz);
  result = vec4(developed(light / max(shaded.a, 0.01)), shaded.a);
  gl_FragDepth = texelFetch(depthStill, pixel, 0).r;
}`;

/** Draws what moves, with the shadows of this frame. */
export const MOVING_FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2DShadow;
${SURFACE_INPUTS}
out vec4 result;
${DAYLIGHT}
${SUNLIGHT}
${SHADING}
void main() {
  vec3 shaded, sunny;
  shade(tint, normalize(facing), normalize(eye - place), length(eye - place), shaded, sunny);
  result = vec4(developed(shaded + sunny * sunlight(sunPlace)), 1.0);
}`;

export const COMPOSE_VERTEX = `#version 300 es
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }`;

export const SKY_VERTEX = `#version 300 es
uniform vec2 extent;
uniform vec3 right, up, back;
out vec3 direction;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0;
  direction = right * corner.x * extent.x + up * corner.y * extent.y - back;
  gl_Position = vec4(corner, 0.9999, 1.0);
}`;

export const SKY_FRAGMENT = `#version 300 es
precision highp float;
in vec3 direction;
uniform float phase;
out vec4 result;
${NOISE}
${DAYLIGHT}
void main() {
  vec3 d = normalize(direction);
  vec2 drift = d.xz / max(d.y + 0.12, 0.05);
  float cloud = smoothstep(0.42, 0.75, fbm(drift * vec2(0.5, 0.9) + 0.5 * vec2(sin(phase), cos(phase))));
  vec3 sky = skyAt(d);
  result = vec4(developed(mix(sky, skyHorizon * 0.6 + sunColor * 0.24, cloud * 0.55)), 1.0);
}`;
