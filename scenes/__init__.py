"""Synthetic service-window pictures and clips with exact truth.

Frames used everywhere, in metres: the *room* frame has z up from the floor, y from the public towards the staff, and x
along the counter, to the right as the public sees it; its origin is the middle of the row of seats. A *window's* frame
is the room's, shifted along x so that the seat is at x = 0; it is also its person's: they face -y, left hand at +x.
Angles are degrees. Pictures are measured in fractions of width and height, x right, y down, unless a name says px.
"""
