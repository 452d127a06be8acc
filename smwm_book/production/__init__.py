"""Production: pages, slides, pictures and the PDF of the book."""
