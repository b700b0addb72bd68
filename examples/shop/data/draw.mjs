// Draws a picture for every variant in products.json: `node draw.mjs`. A product's shape is a function of its
// variant's colour, so that variants differ by what differs.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";

const here = (path) => new URL(path, import.meta.url);
const { products } = JSON.parse(readFileSync(here("products.json"), "utf8"));

/** Mixes two colours, `#rrggbb`; `share` of the second. */
function mix(one, other, share) {
  const channels = (colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  const [from, to] = [channels(one), channels(other)];
  const mixed = from.map((channel, index) => Math.round(channel + (to[index] - channel) * share));
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

const dark = (colour, share = 0.25) => mix(colour, "#1b1712", share);
const light = (colour, share = 0.3) => mix(colour, "#fffaf0", share);

const path = (d, fill, more = "") => `<path d="${d}" fill="${fill}"${more}/>`;
const line = (d, stroke, width) =>
  `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
const oval = (x, y, rx, ry, fill, more = "") =>
  `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${fill}"${more}/>`;
const box = (x, y, width, height, radius, fill) =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" fill="${fill}"/>`;
const shadow = (x, y, rx) => oval(x, y, rx, rx / 11, "#1b1712", ' opacity=".16"');
const glow = (x, y, radius) => oval(x, y, radius, radius, "#ffd98a", ' opacity=".32"');

const leaf = (x, y, turn, size, fill) =>
  `<path d="M0 0C${-size * 0.35} ${-size * 0.35} ${-size * 0.3} ${-size * 0.8} 0 ${-size}C${size * 0.3} ${-size * 0.8} ${size * 0.35} ${-size * 0.35} 0 0Z" fill="${fill}" transform="translate(${x} ${y}) rotate(${turn})"/>`;

const wood = "#b98a58";

/** What stands in the picture, 480 by 480, by product. */
const shapes = {
  harbour: (c) => [
    shadow(240, 396, 92),
    glow(240, 250, 120),
    box(232, 230, 16, 120, 4, dark(c, 0.35)),
    path("M176 392q0-34 64-38q64 4 64 38Z", wood),
    path("M176 392q0-34 64-38v38Z", dark(wood, 0.12)),
    path("M188 112h104l56 132H132Z", c),
    path("M188 112h40l-24 132h-72Z", dark(c, 0.14)),
    oval(240, 244, 108, 13, "#ffe7b5"),
    oval(240, 112, 52, 7, dark(c, 0.3)),
    oval(290, 372, 7, 7, dark(c, 0.4)),
  ],
  drift: (c) => [
    line("M240 0V150", dark(c, 0.55), 4),
    glow(240, 322, 110),
    box(226, 138, 28, 26, 6, dark(c, 0.4)),
    path("M96 316C96 214 160 160 240 160s144 54 144 156Z", c),
    path("M96 316C96 214 160 160 240 160C190 176 160 226 156 316Z", dark(c, 0.12)),
    oval(240, 316, 144, 20, "#ffe7b5"),
    oval(240, 318, 108, 12, "#fff4d6"),
  ],
  ember: (c) => [
    shadow(240, 392, 88),
    glow(240, 276, 132),
    line("M188 170C188 96 292 96 292 170", "#7b5236", 11),
    box(190, 186, 100, 164, 18, "#fff0cd"),
    box(214, 206, 52, 124, 26, "#ffdc94"),
    path("M170 190q0-30 70-30t70 30Z", c),
    path("M166 390v-28q0-14 14-14h120q14 0 14 14v28Z", c),
    path("M166 390v-28q0-14 14-14h44v42Z", dark(c, 0.15)),
    line("M194 190V350M286 190V350", dark(c, 0.25), 7),
  ],
  heron: (c) => [
    shadow(212, 420, 84),
    glow(332, 206, 92),
    line("M206 408V150C206 74 320 60 332 134", c, 10),
    path("M138 416q0-20 68-22q68 2 68 22Z", dark(c, 0.2)),
    path("M298 132h68l30 66H268Z", c),
    path("M298 132h24l-16 66h-38Z", dark(c, 0.18)),
    oval(332, 198, 64, 9, "#ffe7b5"),
  ],
  brook: (c) => [
    shadow(228, 376, 96),
    line("M308 210C382 196 382 322 300 312", dark(c, 0.12), 22),
    path("M136 168h184l-14 176q-3 30-34 30h-88q-31 0-34-30Z", c),
    path("M136 168h62l8 206h-22q-31 0-34-30Z", dark(c, 0.1)),
    oval(228, 168, 92, 17, light(c, 0.4)),
    oval(228, 171, 78, 12, "#5a3a26"),
    path("M160 358h136q-7 16-24 16h-88q-17 0-24-16Z", "#d8c2a0"),
  ],
  fen: (c) => [
    shadow(240, 372, 104),
    path("M192 350h96v22h-96Z", "#cdb592"),
    path("M84 222h312c0 92-66 138-156 138S84 314 84 222Z", c),
    path("M84 222h84c4 70 30 116 72 138C150 360 84 314 84 222Z", dark(c, 0.12)),
    oval(240, 222, 156, 32, light(c, 0.35)),
    oval(240, 226, 134, 23, dark(c, 0.22)),
    oval(240, 234, 82, 11, light(c, 0.12)),
  ],
  rill: (c) => [
    shadow(240, 408, 80),
    path("M208 136h64l4 70c44 26 56 62 56 104 0 62-36 96-92 96s-92-34-92-96c0-42 12-78 56-104Z", c, ' opacity=".45"'),
    path("M152 290c10 14 168 14 178 0 12 74-26 116-90 116s-100-42-88-116Z", c, ' opacity=".75"'),
    oval(241, 291, 89, 12, light(c, 0.45), ' opacity=".9"'),
    line("M182 250C168 274 166 320 178 350", "#ffffff", 9),
    box(206, 84, 68, 56, 10, wood),
    box(206, 84, 26, 56, 10, dark(wood, 0.12)),
  ],
  tor: (c) => [
    shadow(232, 388, 110),
    line("M148 186C140 84 326 84 318 186", wood, 13),
    path("M330 262c40-6 48-44 84-58l14 22c-22 16-28 76-92 100Z", dark(c, 0.1)),
    path("M120 286C120 214 172 180 232 180s112 34 112 106-50 100-112 100-112-28-112-100Z", c),
    path("M120 286C120 214 172 180 232 180c-48 30-66 130-30 204-50-8-82-38-82-98Z", dark(c, 0.12)),
    oval(232, 190, 68, 15, dark(c, 0.25)),
    path("M168 186q4-26 64-26t64 26Z", light(c, 0.12)),
    oval(232, 154, 15, 12, wood),
  ],
  perch: (c) => [
    shadow(240, 412, 108),
    line("M188 214L150 408M292 214L330 408", dark(c, 0.25), 20),
    line("M240 216V400", dark(c, 0.4), 20),
    line("M170 320H310", dark(c, 0.3), 12),
    path("M112 196h256v10q0 26-128 26T112 206Z", dark(c, 0.2)),
    oval(240, 194, 128, 25, c),
    line("M150 192q90 16 180 0", dark(c, 0.12), 3),
    line("M176 183q64 10 128 0", dark(c, 0.12), 3),
  ],
  lull: (c) => [
    shadow(240, 404, 156),
    line("M136 368L124 402M344 368L356 402", wood, 16),
    path("M128 306V152q0-50 52-50h120q52 0 52 50v154Z", dark(c, 0.1)),
    path("M156 262V158q0-30 30-30h108q30 0 30 30v104Z", c),
    box(134, 254, 212, 70, 26, light(c, 0.16)),
    box(76, 214, 72, 160, 34, c),
    box(332, 214, 72, 160, 34, c),
    box(112, 318, 256, 58, 18, dark(c, 0.16)),
    line("M240 140V250", dark(c, 0.14), 3),
  ],
  span: (c) => [
    shadow(240, 376, 184),
    line("M108 254L92 368H156L140 254M340 254L324 368H388L372 254", "#33363b", 11),
    path("M44 220h392v26q0 8-8 8H52q-8 0-8-8Z", dark(c, 0.22)),
    path("M70 192h340l26 30H44Z", c),
    line("M96 204h220M150 213h230", dark(c, 0.14), 3),
  ],
  sprout: (c) => [
    shadow(240, 414, 104),
    leaf(240, 236, -52, 118, "#6f8f62"),
    leaf(240, 236, 50, 122, "#5e8058"),
    leaf(240, 238, -22, 150, "#7fa06e"),
    leaf(240, 238, 20, 158, "#6c8f60"),
    leaf(240, 240, 0, 176, "#8bab77"),
    path("M146 392h188q-4 22-30 22H176q-26 0-30-22Z", dark(c, 0.2)),
    path("M150 240h180l-22 156H172Z", c),
    path("M150 240h62l4 156h-44Z", dark(c, 0.11)),
    box(138, 216, 204, 36, 8, light(c, 0.14)),
  ],
  rain: (c) => [
    shadow(250, 392, 118),
    line("M210 186C212 88 374 96 352 254", dark(c, 0.22), 13),
    path("M196 320L92 166l18-12 110 116Z", dark(c, 0.12)),
    path("M72 168l52-34 12 18-50 34Z", "#c5a158"),
    path("M176 196h148l18 178q1 14-14 14H172q-15 0-14-14Z", c),
    path("M176 196h52l-6 192h-50q-15 0-14-14Z", dark(c, 0.11)),
    oval(250, 196, 74, 13, dark(c, 0.3)),
    line("M169 262h162M164 328h172", light(c, 0.35), 4),
  ],
  ledge: (c) => [
    leaf(128, 236, -24, 92, "#6f9162"),
    leaf(128, 236, 22, 104, "#83a573"),
    leaf(128, 238, 0, 124, "#5f8357"),
    leaf(240, 236, -30, 104, "#8fb07f"),
    leaf(240, 236, 30, 96, "#6f9162"),
    leaf(240, 238, 2, 132, "#7b9d6b"),
    leaf(352, 236, -20, 110, "#5f8357"),
    leaf(352, 236, 26, 92, "#8fb07f"),
    leaf(352, 238, 4, 120, "#6f9162"),
    path("M56 232h368v84q0 14-14 14H70q-14 0-14-14Z", c),
    path("M56 232h124v98H70q-14 0-14-14Z", dark(c, 0.08)),
    box(48, 226, 384, 18, 9, light(c, 0.18)),
    box(48, 330, 384, 20, 4, wood),
    path("M64 350h352l-10 12H74Z", "#1b1712", ' opacity=".14"'),
  ],
};

function picture(product, colour) {
  const parts = shapes[product](colour).join("\n  ");
  const wall = mix("#f3ece0", colour, 0.14);
  const floor = mix("#e4d9c8", colour, 0.2);
  const ground = product === "drift" || product === "ledge" ? "" : `\n  ${box(0, 352, 480, 128, 0, floor)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 480">
  ${box(0, 0, 480, 480, 0, wall)}${ground}
  ${parts}
</svg>
`;
}

const folder = here("pictures/");
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) rmSync(new URL(name, folder));
for (const { id, variants } of products) {
  for (const { colour, picture: file } of variants) writeFileSync(here(file), picture(id, colour));
}
