"""Synthetic service-window pictures and clips with exact truth.

Frames used everywhere, in metres: the *room* frame has x to the right of the counter as its staff see it from behind mirrored (to
the left of the picture of a camera in the public area is negative x), y from the public towards the staff, z up from
the floor. A *window's* frame is the room frame shifted along x so that its seat is at x = 0. A person's own frame is
the window's: they face -y, their left hand is at +x. Angles are degrees. Pictures are measured in fractions of width
and height, x right, y down, unless a name ends in `_px`.
"""
