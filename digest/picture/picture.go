// Package picture makes a stranger's picture fit for a message: checked,
// cropped to its slot, at two dots a pixel, as JPEG or PNG.
//
// It is pure: the same bytes give the same picture.
package picture

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // decoders register themselves
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

// Limits of what is decoded. A picture of a few kilobytes can unfold into
// gigabytes; its header says so before that happens.
const (
	maxBytes  = 10 << 20
	maxPixels = 40_000_000
	minSide   = 2 // smaller is a tracking pixel
)

// Slot is the place of a picture in a message.
type Slot struct {
	Width int // CSS pixels
	// Wide asks for twice as wide as high, cut from the middle; otherwise the
	// picture keeps its proportions.
	Wide bool
}

// Picture is a picture that fits its slot.
type Picture struct {
	ID            string // names the content
	Type          string // "image/jpeg" or "image/png"
	Data          []byte
	Width, Height int // CSS pixels, as shown
}

// dense is how many dots a CSS pixel has on the screens of today.
const dense = 2

// quality of JPEGs: below it, skies show bands.
const quality = 82

// Check reads the size of a picture from its header, and refuses what is none,
// is empty, or unfolds beyond the limits.
func Check(data []byte) (image.Config, error) {
	if len(data) > maxBytes {
		return image.Config{}, fmt.Errorf("picture of %d bytes, the limit is %d", len(data), maxBytes)
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case errors.Is(err, image.ErrFormat):
		return c, errors.New("not a picture that mail programs show")
	case err != nil:
		return c, fmt.Errorf("reading the picture: %w", err)
	case c.Width < minSide || c.Height < minSide:
		return c, errors.New("picture is empty")
	case c.Width > maxPixels/c.Height:
		return c, fmt.Errorf("picture of %d × %d dots, the limit is %d in all", c.Width, c.Height, maxPixels)
	}
	return c, nil
}

// Fit decodes a picture, turns it the way its camera was held, crops it and
// scales it down to its slot. It never enlarges.
func Fit(data []byte, s Slot) (Picture, error) {
	if _, err := Check(data); err != nil {
		return Picture{}, err
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return Picture{}, fmt.Errorf("decoding the picture: %w", err)
	}
	img = upright(img, orientation(data))
	from := img.Bounds()
	if s.Wide {
		from = middle(from)
	}
	w := min(s.Width*dense, from.Dx())
	h := max(1, (w*from.Dy()+from.Dx()/2)/from.Dx())
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	if w == from.Dx() {
		draw.Draw(out, out.Bounds(), img, from.Min, draw.Src)
	} else {
		draw.CatmullRom.Scale(out, out.Bounds(), img, from, draw.Src, nil)
	}
	p := Picture{Width: s.Width, Height: max(1, (s.Width*h+w/2)/w)}
	if p.Data, p.Type, err = encode(out); err != nil {
		return Picture{}, fmt.Errorf("writing the picture: %w", err)
	}
	sum := sha256.Sum256(p.Data)
	p.ID = hex.EncodeToString(sum[:16])
	return p, nil
}

// middle is the largest rectangle in the middle of r that is twice as wide as
// high. Faces are nearer to the top than to the bottom, so a tall picture is cut
// a third from its top.
func middle(r image.Rectangle) image.Rectangle {
	switch w, h := r.Dx(), r.Dy(); {
	case w > 2*h:
		off := (w - 2*h) / 2
		r.Min.X, r.Max.X = r.Min.X+off, r.Min.X+off+2*h
	case w < 2*h:
		keep := max(1, w/2)
		off := (h - keep) / 3
		r.Min.Y, r.Max.Y = r.Min.Y+off, r.Min.Y+off+keep
	}
	return r
}

// encode writes a JPEG, or a PNG where the picture lets its ground through.
func encode(img *image.NRGBA) ([]byte, string, error) {
	var b bytes.Buffer
	if !img.Opaque() {
		enc := png.Encoder{CompressionLevel: png.BestCompression}
		return finish(&b, "image/png", enc.Encode(&b, img))
	}
	return finish(&b, "image/jpeg", jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}))
}

func finish(b *bytes.Buffer, kind string, err error) ([]byte, string, error) {
	return b.Bytes(), kind, err
}

// upright turns a picture as EXIF says it has to be turned.
func upright(img image.Image, orientation int) image.Image {
	if orientation < 2 || orientation > 8 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if orientation >= 5 {
		w, h = h, w
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			sx, sy := source(orientation, x, y, w, h)
			out.Set(x, y, color.NRGBAModel.Convert(img.At(b.Min.X+sx, b.Min.Y+sy)))
		}
	}
	return out
}

// source is where the dot of an upright picture was in the one that was taken
// (EXIF 2.32, tag 0x0112).
func source(orientation, x, y, w, h int) (int, int) {
	switch orientation {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, w - 1 - x
	case 7:
		return h - 1 - y, w - 1 - x
	default:
		return h - 1 - y, x
	}
}
