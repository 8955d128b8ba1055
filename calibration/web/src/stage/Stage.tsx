import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { api } from "../api";
import { keyOf, pointsOf, shapesOf, windowsOf } from "../editor/draft";
import { offers } from "../offers";
import { camera, cameraId } from "../place";
import { draft, selected } from "../work";
import { Corners } from "./Corners";
import { Magnifier } from "./Magnifier";
import { PictureTools } from "./PictureTools";
import { Outline } from "./Outline";
import { bind, drawing, drawn, handles, lines, zoomTo } from "./gestures";
import { noPicture, picture } from "./live";
import { base, size, toScreen, zoom } from "./view";

/** The picture with what is drawn on it. With `editing` the selected polygon has its handles. */
export function Stage({ editing }: { editing: boolean }) {
  const frame = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const { width, height } = size.value;
  const id = cameraId.value;

  useLayoutEffect(() => {
    const seen = new ResizeObserver(([entry]) => {
      const { width: w, height: h } = entry!.contentRect;
      size.value = { width: w, height: h };
    });
    seen.observe(frame.current!);
    return () => seen.disconnect();
  }, []);

  const aspect = `${camera.value?.width}/${camera.value?.height}`;
  useEffect(() => {
    if (width === 0) return undefined;
    const unbind = bind(svg.current!);
    zoomTo({ k: 1, x: 0, y: 0 });
    return unbind;
  }, [width, height, aspect, id]);

  useEffect(() => {
    lines.value = [];
    if (id !== null && offers("lines")) api.lines(id).then(({ segments }) => (lines.value = segments), () => undefined);
  }, [id]);

  const shapes = shapesOf(draft.value, id ?? "");
  const points = pointsOf(draft.value, selected.value);
  const isSelected = keyOf(selected.value);
  return (
    <div class="stage-frame">
      <div class="stage" ref={frame}>
        <Frame />
        {noPicture.value && <p class="stage-note" role="status"><Icon name="unknown" />{t("calibrate.no_picture")}</p>}
        <svg ref={svg} class="overlay" width={width} height={height} role="group" aria-label={t("calibrate.drawing", { n: windowsOf(draft.value, id ?? "").length })}>
          {shapes.map(({ shape, points: polygon }) => (
            <Outline key={keyOf(shape)} shape={shape} points={polygon} selected={isSelected === keyOf(shape)} />
          ))}
          {editing && !drawing.value && points !== null && <Corners points={points} shape={selected.value!} handles={handles(points)} />}
          <Drawn />
        </svg>
        {editing && <Magnifier />}
      </div>
      <PictureTools />
    </div>
  );
}

/** The camera's frame on a canvas: it never has an address of its own. */
function Frame() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = picture.value;
  useLayoutEffect(() => {
    const target = canvas.current!;
    if (shown === null) return target.getContext("2d")!.clearRect(0, 0, target.width, target.height);
    [target.width, target.height] = [shown.bitmap.width, shown.bitmap.height];
    target.getContext("2d")!.drawImage(shown.bitmap, 0, 0);
  }, [shown]);
  const { left, top, width, height } = base.value;
  const { k, x, y } = zoom.value;
  const place = { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
  return (
    <div class="panned" style={{ transform: `translate(${x}px, ${y}px) scale(${k})` }}>
      <canvas ref={canvas} style={place} role="img" aria-label={t("calibrate.picture_of", { camera: cameraId.value ?? "" })} />
    </div>
  );
}

function Drawn() {
  if (drawn.value === null) return null;
  const [ax, ay] = toScreen(drawn.value.from);
  const [bx, by] = toScreen(drawn.value.to);
  return <rect class="drawn" x={Math.min(ax, bx)} y={Math.min(ay, by)} width={Math.abs(ax - bx)} height={Math.abs(ay - by)} />;
}
