"""What cameras, rooms and installers do to a picture: broad variety, so that the heads don't learn the renderer."""
import io

import numpy as np
from PIL import Image, ImageFilter


def photometric(picture, rng, strength=1.0):
    """Light, colour, infra-red, blur, noise, compression. RGB uint8 in and out, same size."""
    a = picture.astype(np.float32) / 255
    if rng.random() < .8:
        a = np.clip(a, 1e-4, 1) ** np.exp(rng.normal(0, .3 * strength))
        a = a * np.exp(rng.normal(0, .2 * strength)) + rng.normal(0, .05 * strength)
        a = (a - a.mean()) * np.exp(rng.normal(0, .25 * strength)) + a.mean()
    if rng.random() < .6:
        a = a * np.exp(rng.normal(0, .09 * strength, 3)).astype(np.float32)
    if rng.random() < .35:                                      # saturation
        grey = a.mean(2, keepdims=True)
        a = grey + (a - grey) * rng.uniform(.2, 1.8)
    if rng.random() < .15:                                      # infra-red
        a = np.repeat((a * rng.dirichlet([2, 2, 2]).astype(np.float32)).sum(2, keepdims=True) , 3, 2)
    if rng.random() < .2:                                       # light from one side, back-light
        h, w = a.shape[:2]
        t = rng.uniform(0, 2 * np.pi)
        ramp = np.cos(t) * np.linspace(-1, 1, w)[None] + np.sin(t) * np.linspace(-1, 1, h)[:, None]
        a = a + (ramp * rng.uniform(.05, .25))[..., None].astype(np.float32)
    image = Image.fromarray((np.clip(a, 0, 1) * 255).astype(np.uint8))
    w, h = image.size
    if rng.random() < .35:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(.3, 1.6)))
    if rng.random() < .3:                                       # a camera with fewer pixels
        f = rng.uniform(.4, .9)
        image = image.resize((max(8, int(w * f)), max(8, int(h * f))), Image.BILINEAR).resize((w, h), rng.choice([Image.BILINEAR, Image.BICUBIC, Image.NEAREST], p=[.5, .4, .1]))
    if rng.random() < .15:
        image = image.filter(ImageFilter.UnsharpMask(2, int(rng.uniform(60, 180)), 2))
    a = np.asarray(image, np.float32)
    if rng.random() < .5:
        a = a + rng.normal(0, rng.uniform(1, 10), a.shape)
    image = Image.fromarray(np.clip(a, 0, 255).astype(np.uint8))
    if rng.random() < .5:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=int(rng.integers(30, 90)))
        image = Image.open(buffer).convert("RGB")
    return np.asarray(image)


def mirrored(polygon):
    return [[1 - x, y] for x, y in polygon]


def jittered(polygon, rng, shift=.03, scale=.08):
    """An installer draws by hand: the polygon moved, scaled and its corners displaced a little, inside the picture."""
    p = np.asarray(polygon, float)
    size = p.max(0) - p.min(0)
    centre = p.mean(0)
    p = centre + (p - centre) * np.exp(rng.normal(0, scale, 2)) + rng.normal(0, shift, 2) * size + rng.normal(0, .015, p.shape) * size
    return np.clip(p, 0, 1).tolist()


def occluded(picture, rng, count=2, share=.25):
    """Rectangles and bars of flat or noisy colour in front of the scene (screens, glass frames, customers)."""
    out = picture.copy()
    h, w = out.shape[:2]
    for _ in range(rng.integers(1, count + 1)):
        bw, bh = int(w * rng.uniform(.03, share)), int(h * rng.uniform(.03, share))
        if rng.random() < .3:
            bw, bh = (max(2, w // 60), h) if rng.random() < .5 else (w, max(2, h // 60))
        x, y = rng.integers(-bw // 2, w - bw // 2), rng.integers(-bh // 2, h - bh // 2)
        colour = rng.integers(0, 255, 3)
        patch = out[max(0, y):max(0, y + bh), max(0, x):max(0, x + bw)]
        patch[:] = np.clip(colour + rng.normal(0, rng.uniform(0, 12), patch.shape), 0, 255).astype(np.uint8)
    return out


def head_covered(picture, head, shoulders, rng):
    """A hood, a jacket or a cap over the head: an ellipse of flat or noisy colour that hides hair and face."""
    h, w = picture.shape[:2]
    size = max(6.0, abs(shoulders)) * rng.uniform(.3, .7, 2) * [1, 1.2]
    y, x = np.mgrid[0:h, 0:w]
    turn = rng.uniform(0, np.pi)
    dx, dy = x - head[0] - rng.normal(0, .08) * size[0], y - head[1] - rng.normal(0, .08) * size[1]
    u, v = np.cos(turn) * dx + np.sin(turn) * dy, np.cos(turn) * dy - np.sin(turn) * dx
    inside = (u / size[0]) ** 2 + (v / size[1]) ** 2 < 1
    out = picture.copy()
    shade = 1 - .35 * (v / size[1])[inside][:, None]
    out[inside] = np.clip(rng.integers(8, 200, 3) * shade + rng.normal(0, rng.uniform(1, 10), (int(inside.sum()), 3)), 0, 255).astype(np.uint8)
    return out
